// SPDX-License-Identifier: Apache-2.0
// Asks a token service (distribution, spec/auth/token and spec/auth/oauth).
import { type CallOptions, encodeText, type JsonObject, OcisignError, parseJsonObject, printable } from '@ocisign/core'
import type { Transport, TransportRequest, TransportResponse } from '../transport.js'
import { basic, isToken } from './header.js'
import type { Credential } from './types.js'

/** What {@link requestToken} asks for. */
export interface TokenRequest extends CallOptions {
  /** Checked already: see realm.ts. */
  readonly realm: URL
  readonly service: string | undefined
  readonly scopes: readonly string[]
  /** A registry token is nothing to exchange. */
  readonly credential: Exclude<Credential, { readonly registryToken: string }> | undefined
  /** `host[:port]` of the registry, for messages. */
  readonly host: string
}

/** A token, or the status with which one was refused. */
export type TokenAnswer = { readonly token: string; readonly seconds: number } | { readonly refused: 400 | 401 | 403 }

const bounds = { answerBytes: 64 * 1024, seconds: 60, maxSeconds: 24 * 60 * 60 }
const clientId = 'ocisign'

/**
 * Asks for a token: by GET, with a name and password or anonymously; by POST with an identity token, or where the service
 * knows no GET. Nothing it answers is shown or followed: an answer may hold what was sent, and another origin is another
 * service.
 * @throws UNAVAILABLE_CREDENTIALS, and what the transport throws
 */
export async function requestToken(transport: Transport, request: TokenRequest): Promise<TokenAnswer> {
  const { credential } = request
  if (credential && 'identityToken' in credential)
    return post(transport, request, { grant_type: 'refresh_token', refresh_token: credential.identityToken })
  const answer = await get(transport, request)
  if (!('status' in answer)) return answer
  if (!credential) throw failed(request, answer.status)
  const { username, password } = credential
  return post(transport, request, { grant_type: 'password', username, password })
}

/** The status where the service knows no GET. */
async function get(transport: Transport, request: TokenRequest): Promise<TokenAnswer | { readonly status: number }> {
  const url = new URL(request.realm)
  if (request.service !== undefined) url.searchParams.append('service', request.service)
  for (const scope of request.scopes) url.searchParams.append('scope', scope)
  const { credential } = request
  const authorization =
    credential && 'username' in credential ? basic(credential.username, credential.password) : undefined
  const response = await send(transport, request, { method: 'GET', url, authorization })
  if (response.status === 404 || response.status === 405) {
    await response.discard()
    return { status: response.status }
  }
  return read(request, response, [401, 403], ['token', 'access_token'])
}

async function post(
  transport: Transport,
  request: TokenRequest,
  grant: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  const form = new URLSearchParams({
    ...grant,
    ...(request.service !== undefined && { service: request.service }),
    client_id: clientId,
    ...(request.scopes.length > 0 && { scope: request.scopes.join(' ') }),
  })
  const body = encodeText(form.toString())
  const response = await send(transport, request, {
    method: 'POST',
    url: request.realm,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: () => body,
  })
  // OAuth 2.0 says 400 where a grant is not good (RFC 6749 section 5.2).
  return read(request, response, [400, 401, 403], ['access_token', 'token'])
}

async function send(
  transport: Transport,
  { host, realm, signal }: TokenRequest,
  request: Pick<TransportRequest, 'method' | 'url' | 'authorization' | 'headers' | 'body'>,
): Promise<TransportResponse> {
  const response = await transport.send({
    ...request,
    headers: { ...request.headers, Accept: 'application/json' },
    sameOrigin: true,
    idempotent: true,
    readsBytes: bounds.answerBytes,
    what: `get a token for ${printable(host)} from ${realm.host}`,
    signal,
  })
  if (response.url.origin === realm.origin) return response
  await response.discard()
  throw failed({ host, realm }, response.status)
}

async function read(
  request: TokenRequest,
  response: TransportResponse,
  refusals: readonly number[],
  members: readonly string[],
): Promise<TokenAnswer> {
  const { status } = response
  if (status !== 200) {
    await response.discard()
    if (refusals.includes(status)) return { refused: status as 400 | 401 | 403 }
    throw failed(request, status)
  }
  const answer = parseAnswer(await response.bytes(bounds.answerBytes), request, status)
  const token = members.map((name) => answer[name]).find((each) => typeof each === 'string' && each !== '')
  if (typeof token !== 'string' || !isToken(token)) throw failed(request, status, 'there is no usable token in it')
  return { token, seconds: lifetime(answer.expires_in) }
}

function parseAnswer(bytes: Uint8Array, request: TokenRequest, status: number): JsonObject {
  try {
    return parseJsonObject(bytes, { what: 'the answer' })
  } catch {
    // Without the cause: it might quote what it read.
    throw failed(request, status, 'it is not a JSON object')
  }
}

/** 60 seconds unless it is said in a way that can be believed. */
function lifetime(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, bounds.maxSeconds) : bounds.seconds
}

function failed({ host, realm }: Pick<TokenRequest, 'host' | 'realm'>, status: number, why?: string): OcisignError {
  const retryable = status === 408 || status === 429 || status >= 500
  const answer = `the token service ${realm.host} answered ${status}${why === undefined ? '' : `, and ${why}`}`
  const message = `cannot get a token for ${printable(host)}: ${answer}`
  return new OcisignError('UNAVAILABLE_CREDENTIALS', message, { host, status, retryable })
}
