// SPDX-License-Identifier: Apache-2.0
// Who may do what: challenges, and the tokens that answer them.
import { decodeBase64, decodeText } from '@ocisign/core'
import { type Answer, errorAnswer, type FakeRequest } from './answer.js'
import type { Auth, FakeAction } from './auth-options.js'
import type { Route } from './routes.js'

/** A token that the fake has given out. */
export interface FakeToken {
  readonly token: string
  /** Undefined where nobody in particular asked. */
  readonly user: string | undefined
  /** From repositories to what may be done to them. */
  readonly grants: ReadonlyMap<string, readonly FakeAction[]>
  /** In milliseconds since 1970. */
  readonly expires: number
}

/** What the gate knows. */
export interface GateContext {
  readonly auth: Auth
  readonly tokens: Map<string, FakeToken>
  /** Where tokens are. */
  readonly realm: () => string
  readonly clock: () => Date
}

export type Passage =
  | { readonly passed: true; readonly mayPull: (repository: string) => boolean }
  | { readonly passed: false; readonly answer: Answer }

/** What a request needs, as the reference implementation asks it: who writes has to be able to read. */
function actionsOf({ method }: FakeRequest, { what }: Route): readonly FakeAction[] {
  if (method === 'GET' || method === 'HEAD') return what === 'uploads' ? ['pull', 'push'] : ['pull']
  return method === 'DELETE' && what !== 'uploads' ? ['delete'] : ['pull', 'push']
}

/** Whether a request may pass. */
export function passGate(gate: GateContext, request: FakeRequest, route: Route): Passage {
  const { auth } = gate
  const everything = () => true
  if (auth.kind === 'none') return { passed: true, mayPull: everything }
  const actions = actionsOf(request, route)
  const name = 'name' in route ? route.name : undefined
  const allows = (granted: readonly FakeAction[]) =>
    name === undefined || actions.every((each) => granted.includes(each))
  return auth.kind === 'basic'
    ? passBasic(auth, request, name, allows)
    : passBearer(gate, auth, request, name, actions, allows)
}

function passBasic(
  auth: Auth & { readonly kind: 'basic' },
  { headers }: FakeRequest,
  name: string | undefined,
  allows: (granted: readonly FakeAction[]) => boolean,
): Passage {
  const user = basicUserOf(auth, headers.authorization)
  const grants = (repository: string) => permissionsOf(auth, user, repository)
  const isKnown = user !== undefined || (headers.authorization === undefined && name !== undefined)
  if (isKnown && allows(name === undefined ? [] : grants(name)))
    return { passed: true, mayPull: (repository) => grants(repository).includes('pull') }
  if (user !== undefined) return { passed: false, answer: errorAnswer('DENIED', 'access to the resource is denied') }
  return { passed: false, answer: unauthorized('Basic realm="fake registry"') }
}

function passBearer(
  gate: GateContext,
  auth: Auth & { readonly kind: 'bearer' },
  { headers }: FakeRequest,
  name: string | undefined,
  actions: readonly FakeAction[],
  allows: (granted: readonly FakeAction[]) => boolean,
): Passage {
  const presented = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  const token = presented === undefined ? undefined : tokenOf(gate, auth, presented)
  const grants = (repository: string) => token?.grants(repository) ?? []
  if (token && allows(name === undefined ? [] : grants(name)))
    return { passed: true, mayPull: (repository) => grants(repository).includes('pull') }
  const scope = name === undefined ? '' : `,scope="repository:${name}:${actions.join(',')}"`
  const error = presented === undefined ? '' : `,error="${token ? 'insufficient_scope' : 'invalid_token'}"`
  const service = auth.service ?? 'fake registry'
  const challenge = `Bearer realm="${gate.realm()}",service="${service}"${scope}${error}`
  if (token && auth.refusal === 403 && name !== undefined && !allows(permissionsOf(auth, token.user, name)))
    return { passed: false, answer: errorAnswer('DENIED', 'access to the resource is denied') }
  return { passed: false, answer: unauthorized(challenge) }
}

const unauthorized = (challenge: string) =>
  errorAnswer('UNAUTHORIZED', 'authentication required', { headers: { 'www-authenticate': challenge } })

function tokenOf({ tokens, clock }: GateContext, auth: Auth & { readonly kind: 'bearer' }, presented: string) {
  const user = auth.registryTokens?.[presented]
  if (user !== undefined) return { user, grants: (name: string) => permissionsOf(auth, user, name) }
  const token = tokens.get(presented)
  if (!token || token.expires <= clock().getTime()) return undefined
  return { user: token.user, grants: (name: string) => token.grants.get(name) ?? [] }
}

type WithUsers = Auth & { readonly kind: 'basic' | 'bearer' }

/** What somebody may do. */
export function permissionsOf(auth: WithUsers, user: string | undefined, repository: string): readonly FakeAction[] {
  if (auth.permissions) return auth.permissions(user, repository)
  return user === undefined ? [] : ['pull', 'push', 'delete']
}

/** The user whose name and password a header has; undefined where they are wrong or not there. */
export function basicUserOf(auth: WithUsers, header: string | undefined): string | undefined {
  const encoded = /^Basic (.+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  try {
    const text = decodeText(decodeBase64(encoded))
    const colon = text.indexOf(':')
    return isPassword(auth, text.slice(0, colon), text.slice(colon + 1)) ? text.slice(0, colon) : undefined
  } catch {
    return undefined
  }
}

export const isPassword = ({ users = {} }: WithUsers, name: string, password: string): boolean =>
  Object.hasOwn(users, name) && users[name] === password
