// SPDX-License-Identifier: Apache-2.0
import type { CallOptions, Content } from '@ocisign/core'

/** One HTTP request, as often as it takes. */
export interface TransportRequest extends CallOptions {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Goes to exactly this origin: it is left out when a redirect leads elsewhere. */
  readonly authorization?: string | undefined
  /** No redirect to another origin is followed, with or without credentials: the body is a secret, too. */
  readonly sameOrigin?: boolean | undefined
  /** Called anew for each try; a stream makes the request one that is sent once. */
  readonly body?: (() => Content) | undefined
  /** In bytes; needed with a stream. */
  readonly bodySize?: number | undefined
  /** May be sent again after a lost connection, 408, 429 or 5xx. 429 and 503 with Retry-After are retried in any case. */
  readonly idempotent: boolean
  /** What it is for, in errors: `read the manifest of ghcr.io/org/app:v1`. */
  readonly what: string
}

/** A response of any status; its body is read by whoever asked, or cancelled. */
export interface TransportResponse {
  readonly status: number
  readonly headers: Headers
  /** Where it came from in the end. */
  readonly url: URL
  /** Null where there is none. Errors while reading are UNAVAILABLE_HOST. */
  readonly body: AsyncIterable<Uint8Array> | null
  /** Reads at most `maxBytes`; more is UNAVAILABLE_LIMIT. */
  bytes(maxBytes: number): Promise<Uint8Array>
  /** Lets go of the connection. */
  discard(): Promise<void>
}

/**
 * Sends requests: redirects, retries, limits for each host. Knows nothing of registries.
 * @throws UNAVAILABLE_HOST | UNAVAILABLE_TLS | UNAVAILABLE_REDIRECT | UNAVAILABLE_DEADLINE
 */
export interface Transport {
  send(request: TransportRequest): Promise<TransportResponse>
}
