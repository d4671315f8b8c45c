// SPDX-License-Identifier: Apache-2.0
// The token service: GET as the token specification says, POST as its OAuth 2 part does.
import { decodeText } from '@ocisign/core'
import { type Answer, errorAnswer, type FakeRequest, jsonAnswer } from './answer.js'
import type { Auth, FakeAction } from './auth-options.js'
import { basicUserOf, type GateContext, isPassword, permissionsOf } from './gate.js'

type Bearer = Auth & { readonly kind: 'bearer' }

/** Gives out a token for what is asked and may be had. */
export function answerToken(gate: GateContext, request: FakeRequest): Answer {
  const { auth } = gate
  if (auth.kind !== 'bearer') return errorAnswer('UNSUPPORTED', 'there are no tokens here', { status: 404 })
  if (request.method === 'GET') return answerGet(gate, auth, request)
  if (request.method === 'POST' && auth.post !== false) return answerPost(gate, auth, request)
  return errorAnswer('UNSUPPORTED', 'the operation is unsupported')
}

const refused = () => errorAnswer('UNAUTHORIZED', 'authentication required')

function answerGet(gate: GateContext, auth: Bearer, { headers, query }: FakeRequest): Answer {
  const user = basicUserOf(auth, headers.authorization)
  if (headers.authorization !== undefined && user === undefined) return refused()
  return give(gate, auth, user, query)
}

function answerPost(gate: GateContext, auth: Bearer, { headers, body }: FakeRequest): Answer {
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    return errorAnswer('UNSUPPORTED', 'not a form', { status: 415 })
  const form = new URLSearchParams(decodeText(body))
  const text = (name: string) => form.get(name) ?? ''
  if (text('client_id') === '') return errorAnswer('UNSUPPORTED', 'there is no client_id', { status: 400 })
  switch (form.get('grant_type')) {
    case 'refresh_token': {
      const user = auth.identityTokens?.[text('refresh_token')]
      return user === undefined ? refused() : give(gate, auth, user, form, { refresh_token: text('refresh_token') })
    }
    case 'password':
      return isPassword(auth, text('username'), text('password')) ? give(gate, auth, text('username'), form) : refused()
    default:
      return errorAnswer('UNSUPPORTED', 'unknown grant_type', { status: 400 })
  }
}

function give(
  gate: GateContext,
  auth: Bearer,
  user: string | undefined,
  parameters: URLSearchParams,
  more: Readonly<Record<string, string>> = {},
): Answer {
  if (parameters.get('service') !== (auth.service ?? 'fake registry'))
    return errorAnswer('UNSUPPORTED', 'tokens are for another service', { status: 400 })
  const grants = new Map<string, readonly FakeAction[]>()
  for (const scope of parameters.getAll('scope').flatMap((each) => each.split(' '))) {
    const found = /^repository:([^:\s]+):([a-z*]+(?:,[a-z*]+)*)$/.exec(scope)
    if (!found) return errorAnswer('UNSUPPORTED', 'not a scope', { status: 400 })
    const allowed = permissionsOf(auth, user, found[1]!)
    const wanted = found[2]!.split(',')
    grants.set(found[1]!, [
      ...(grants.get(found[1]!) ?? []),
      ...allowed.filter((each) => wanted.includes(each) || wanted.includes('*')),
    ])
  }
  const now = gate.clock()
  const seconds = auth.expiresInSeconds === undefined ? 300 : auth.expiresInSeconds
  const token = `fake-token-${gate.tokens.size + 1}`
  gate.tokens.set(token, { token, user, grants, expires: now.getTime() + (seconds ?? 60) * 1000 })
  return jsonAnswer(200, {
    ...(auth.tokenMember !== 'access_token' && { token }),
    ...(auth.tokenMember !== 'token' && { access_token: token }),
    ...(seconds !== null && { expires_in: seconds }),
    issued_at: now.toISOString(),
    ...more,
  })
}
