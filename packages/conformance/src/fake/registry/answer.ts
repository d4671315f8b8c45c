// SPDX-License-Identifier: Apache-2.0
import { encodeText } from '@ocisign/core'

/** Which of the fake's servers a request came to. */
export type FakeServer = 'registry' | 'token' | 'elsewhere'

/** A request as the end-points see it: whole. */
export interface FakeRequest {
  readonly server: FakeServer
  readonly method: string
  /** As it came, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
  /** Scheme, host and port that it came to. */
  readonly origin: string
}

/** What goes back, before it is delivered. `content-length` is that of the body where it is not set. */
export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** The errors of the specification (section "Error Codes"), and the status that each has here. */
export const errorStatuses = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
} as const

/** A code of the specification's errors. */
export type FakeErrorCode = keyof typeof errorStatuses

export function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array = new Uint8Array(),
): Answer {
  return { status, headers, body }
}

export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return answer(status, { 'content-type': 'application/json', ...headers }, encodeText(JSON.stringify(value)))
}

/** An error in the specification's form; the status is the one usual for the code unless another is given. */
export function errorAnswer(
  code: FakeErrorCode,
  message: string,
  { status = errorStatuses[code] as number, headers = {}, detail }: ErrorOptions = {},
): Answer {
  return jsonAnswer(status, { errors: [{ code, message, ...(detail !== undefined && { detail }) }] }, headers)
}

interface ErrorOptions {
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly detail?: unknown
}
