// SPDX-License-Identifier: Apache-2.0
import type { CallOptions, Content } from '@ocisign/core'
import type { Action } from './auth/types.js'
import type { TransportResponse } from './transport.js'

/** One request to one repository. */
export interface ClientRequest extends CallOptions {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Under `/v2/PATH/`, with its query: `manifests/v1`; or what a `Location` or `Link` of an answer said, whole. */
  readonly at: string | URL
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: (() => Content) | undefined
  readonly bodySize?: number | undefined
  readonly actions: readonly Action[]
  /** Statuses that are an answer; every other one is thrown as the error it stands for. */
  readonly expected: readonly number[]
  readonly idempotent?: boolean | undefined
  /** What it is for, in errors: `read manifest sha256:…`; the repository is added. */
  readonly what: string
}

/** Speaks to one repository: names, credentials, and what an answer means. */
export interface Client {
  /** `host[:port]/path`. */
  readonly repository: string
  /** `host[:port]` as in the reference. */
  readonly host: string
  /** The path without the host. */
  readonly path: string
  /** Scheme, host and port of the API. */
  readonly origin: string
  /** @throws the errors of this package, and UNAVAILABLE_NOT_FOUND for a 404 that is not expected */
  send(request: ClientRequest): Promise<TransportResponse>
}
