// SPDX-License-Identifier: Apache-2.0
// Where a redirect leads, and whether anybody follows. fetch's own following hides where, and keeps headers it should not.
import { OcisignError, printable } from '@ocisign/core'
import type { TransportRequest } from './transport.js'

const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308]

/** Tells whether a status is a redirect; 300 and 304 are answers. */
export function isRedirect(status: number): boolean {
  return redirectStatuses.includes(status)
}

/**
 * Reads an address that a registry names for what comes next, its own or another's. Behind a proxy some take themselves
 * to be spoken to by plain http: they are answered by https, where they were asked.
 */
export function addressFrom(text: string, from: URL): URL {
  const address = new URL(text, from)
  if (from.protocol === 'https:' && address.protocol === 'http:' && address.host === from.host)
    address.protocol = from.protocol
  return address
}

/** One redirect. */
export interface Redirect {
  readonly status: number
  readonly location: string | null
  readonly from: URL
}

/** Says that nobody goes there. */
export function redirectError(what: string, { status, from }: Pick<Redirect, 'status' | 'from'>, why: string) {
  const message = `could not ${what}: ${from.host} (${status}) ${why}`
  return new OcisignError('UNAVAILABLE_REDIRECT', message, { host: from.host, status, retryable: false })
}

/**
 * Reads where a redirect leads; the way so far is `visited`.
 * @throws UNAVAILABLE_REDIRECT where nobody should follow
 */
export function nextAddress(
  { method, what, sameOrigin }: Pick<TransportRequest, 'method' | 'what' | 'sameOrigin'>,
  { status, location, from }: Redirect,
  visited: readonly string[],
  maxRedirects: number,
): URL {
  const refused = (why: string) => redirectError(what, { status, from }, why)
  if (location === null || location === '') throw refused('redirects without saying where to')
  if (location.length > 8192 || !URL.canParse(location, from)) throw refused('redirects to what is no address')
  const next = new URL(location, from)
  next.hash = ''
  const shown = printable(`${next.protocol}//${next.host}`, 120)
  if (next.protocol !== 'https:' && next.protocol !== 'http:') throw refused(`redirects to ${shown}`)
  if (from.protocol === 'https:' && next.protocol === 'http:') throw refused(`redirects from https to ${shown}`)
  if (next.username !== '' || next.password !== '') throw refused('redirects to an address with a password in it')
  const isSameOrigin = next.origin === from.origin
  if (sameOrigin && !isSameOrigin) throw refused(`redirects to ${shown}, where this request must not go`)
  // 303 and, by habit, 301 and 302 turn other methods into GET: nothing that is written here is meant by that.
  if (!isRead(method) && status !== 307 && status !== 308) throw refused(`redirects a ${method}`)
  if (!isRead(method) && !isSameOrigin && !isUpload(method)) throw refused(`redirects a ${method} to ${shown}`)
  if (visited.includes(next.href)) throw refused('redirects in a circle')
  if (visited.length > maxRedirects) throw refused(`redirects more than ${maxRedirects} times`)
  return next
}

const isRead = (method: string) => method === 'GET' || method === 'HEAD'
/** Content may be stored elsewhere; a POST may hold a secret, and a DELETE is the registry's own business. */
const isUpload = (method: string) => method === 'PUT' || method === 'PATCH'
