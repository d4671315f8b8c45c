// SPDX-License-Identifier: Apache-2.0
// One upload session: the registry says after each step where the next one goes (distribution-spec, pushing blobs).
import { type CallOptions, type Digest, isOcisignError, OcisignError } from '@ocisign/core'
import type { RepositoryContext } from './context.js'
import { isLost } from './failure.js'
import { addressFrom } from './redirects.js'
import type { TransportResponse } from './transport.js'

const octets = { 'Content-Type': 'application/octet-stream' }
const push = ['pull', 'push'] as const

/** Where the next request of an upload goes. @throws UNAVAILABLE_REGISTRY where the registry names no such place */
export function locationOf({ headers, url, status }: TransportResponse, what: string): URL {
  const location = headers.get('location')
  const invalid = (why: string) =>
    new OcisignError('UNAVAILABLE_REGISTRY', `could not ${what}: ${url.host} answered ${status} ${why}`, {
      host: url.host,
      status,
      codes: [],
      retryable: false,
    })
  if (!location || location.length > 8192 || !URL.canParse(location, url))
    throw invalid('without saying where to upload to')
  const next = addressFrom(location, url)
  next.hash = ''
  if (next.protocol !== url.protocol && next.protocol !== 'https:')
    throw invalid('and names no safe place to upload to')
  if (next.username !== '' || next.password !== '') throw invalid('and names a place with a password in it')
  return next
}

/** Commits what was uploaded, with the last of it as the body. */
export async function commit(
  { client }: RepositoryContext,
  at: URL,
  digest: Digest,
  bytes: Uint8Array,
  { signal }: CallOptions,
): Promise<void> {
  // The registry's own query is its own: it goes back as it came.
  const query = `${at.search === '' ? '?' : `${at.search}&`}digest=${encodeURIComponent(digest)}`
  const response = await client.send({
    method: 'PUT',
    at: new URL(`${at.origin}${at.pathname}${query}`),
    headers: octets,
    body: () => bytes,
    actions: push,
    expected: [200, 201, 204],
    what: `upload blob ${digest}`,
    signal,
  })
  await response.discard()
}

/** Sends the next part. @returns where the one after it goes */
export async function sendPart(
  { client }: RepositoryContext,
  at: URL,
  start: number,
  bytes: Uint8Array,
  what: string,
  { signal }: CallOptions,
): Promise<URL> {
  const response = await client.send({
    method: 'PATCH',
    at,
    headers: { ...octets, 'Content-Range': `${start}-${start + bytes.length - 1}` },
    body: () => bytes,
    actions: push,
    expected: [202, 201, 204],
    what,
    signal,
  })
  await response.discard()
  const received = receivedOf(response.headers)
  if (received !== undefined && received > 0 && received !== start + bytes.length)
    throw new OcisignError('UNAVAILABLE_REGISTRY', `could not ${what}: the registry took another part of it`, {
      host: response.url.host,
      status: response.status,
      codes: [],
      retryable: true,
    })
  return locationOf(response, what)
}

/** Bytes that the registry has, by its `Range` header; undefined where it does not say. */
function receivedOf(headers: Headers): number | undefined {
  const range = /^(?:bytes=)?0-(\d{1,15})$/.exec(headers.get('range') ?? '')
  // There is no way to say "nothing": what is written is the same as for one byte.
  if (!range) return undefined
  return range[1] === '0' ? 0 : Number(range[1]) + 1
}

/** Asks how far a broken upload has come; undefined where the registry cannot tell. */
export async function askProgress(
  { client }: RepositoryContext,
  at: URL,
  what: string,
  { signal }: CallOptions,
): Promise<{ readonly received: number; readonly at: URL } | undefined> {
  try {
    const response = await client.send({ method: 'GET', at, actions: push, expected: [204], what, signal })
    await response.discard()
    const received = receivedOf(response.headers)
    return received === undefined ? undefined : { received, at: locationOf(response, what) }
  } catch (error) {
    signal?.throwIfAborted()
    if (isOcisignError(error)) return undefined
    throw error
  }
}

/** Asks whether a blob is surely there; where that cannot be found out, it is uploaded. */
export async function hasBlob(
  { client }: RepositoryContext,
  digest: Digest,
  { signal }: CallOptions,
): Promise<boolean> {
  const what = `find blob ${digest}`
  try {
    const request = { method: 'HEAD', at: `blobs/${digest}`, actions: push, what, signal } as const
    const response = await client.send({ ...request, expected: [200, 404] })
    await response.discard()
    return response.status === 200
  } catch (error) {
    signal?.throwIfAborted()
    if (isOcisignError(error)) return false
    throw error
  }
}

/** How long tidying up may take, after what it tidies up for has failed already. */
const cancelMilliseconds = 3_000

/** Tells the registry that nothing more comes; it would find out by itself some day. */
export async function cancel({ client }: RepositoryContext, at: URL, what: string): Promise<void> {
  try {
    const response = await client.send({
      method: 'DELETE',
      at,
      actions: push,
      expected: [200, 202, 204, 404],
      what,
      // The caller's signal may be aborted, which is why we are here.
      signal: AbortSignal.timeout(cancelMilliseconds),
    })
    await response.discard()
  } catch {
    // It says nothing that the failure before did not.
  }
}

/** Tells whether an upload may go on or be begun anew after this. */
export function isPassing(error: unknown): boolean {
  return (
    isLost(error) ||
    (isOcisignError(error, 'UNAVAILABLE_REGISTRY') && (error.details.retryable || error.details.status === 416))
  )
}
