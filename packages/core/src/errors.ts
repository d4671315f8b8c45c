// SPDX-License-Identifier: Apache-2.0
import type { CopyReport } from './copy.js'
import type { Outcomes } from './verdict.js'

/** The kind of a failure, its code's prefix: what a program branches on. */
export type ErrorKind = 'INVALID' | 'UNTRUSTED' | 'UNAVAILABLE' | 'DENIED' | 'UNSUPPORTED' | 'MISUSE'

/** Who said no, and why: a signature (by its layer's digest), a check, or a family. */
export interface Refusal {
  readonly by: string
  readonly error: OcisignError
}

/** What the error of a refused target tells; `outcomes` where a single signature was judged. */
export interface Refused {
  readonly target: string
  readonly refusals: readonly Refusal[]
  readonly outcomes?: Outcomes
}

/** One thing wrong in a document: where (`trustPolicies[0].name`), what, and what to do. */
export interface Problem {
  readonly path: string
  readonly message: string
  /** `error` makes the document unusable; `warning` is worth a look. */
  readonly severity: 'error' | 'warning'
}

/**
 * Every code with the shape of its details. Other packages add theirs by declaration merging.
 * Each code is explained in docs/errors.md and thrown in a test.
 */
export interface ErrorCatalogue {
  // INVALID_: what was given is malformed.
  INVALID_BASE64: { readonly what: string }
  INVALID_CBOR: { readonly offset: number }
  INVALID_CERTIFICATE: { readonly subject?: string }
  INVALID_CERTIFICATE_CHAIN: { readonly position?: number; readonly subject?: string }
  INVALID_CONFIGURATION: { readonly path: string; readonly problems?: readonly Problem[] }
  INVALID_CONTENT: { readonly digest: string }
  INVALID_DER: { readonly offset: number }
  INVALID_DESCRIPTOR: { readonly what: string }
  INVALID_DIGEST: { readonly digest: string }
  INVALID_DISTINGUISHED_NAME: { readonly name: string }
  INVALID_ENVELOPE: { readonly mediaType: string }
  INVALID_INDEX: { readonly digest?: string }
  INVALID_JSON: { readonly what: string }
  INVALID_KEY: { readonly id: string }
  INVALID_LAYOUT: { readonly path: string }
  INVALID_MANIFEST: { readonly digest: string }
  INVALID_PAYLOAD: { readonly reason: string }
  INVALID_PEM: { readonly what: string }
  INVALID_REFERENCE: { readonly reference: string }
  INVALID_TEXT: { readonly what: string }
  INVALID_TRUST_POLICY: { readonly problems: readonly Problem[] }
  INVALID_TRUST_STORE: { readonly store: string; readonly path?: string }
  // UNTRUSTED_: a definite no.
  UNTRUSTED_ANCHOR: { readonly stores: readonly string[] }
  UNTRUSTED_EXPIRED: { readonly expiry: string }
  UNTRUSTED_IDENTITY: { readonly subject: string; readonly trusted: readonly string[] }
  UNTRUSTED_INTEGRITY: { readonly algorithm: string }
  UNTRUSTED_METADATA: { readonly missing: readonly string[] }
  UNTRUSTED_NO_POLICY: { readonly scope?: string; readonly policyName?: string }
  UNTRUSTED_NO_SIGNATURE: Refused
  UNTRUSTED_REVOKED: { readonly revoked: readonly string[] }
  UNTRUSTED_SIGNATURE: Refused
  UNTRUSTED_TARGET: { readonly expected: string; readonly signed: string }
  UNTRUSTED_THRESHOLD: { readonly threshold: number; readonly identities: readonly string[] }
  UNTRUSTED_TIMESTAMP: { readonly reason: string }
  UNTRUSTED_VALIDITY: { readonly subject: string; readonly notBefore: string; readonly notAfter: string }
  // UNAVAILABLE_: could not find out.
  UNAVAILABLE_ATTACHMENT: { readonly subject: string; readonly retryable: true }
  UNAVAILABLE_COPY: { readonly subject: string; readonly report: CopyReport; readonly retryable: boolean }
  UNAVAILABLE_DEADLINE: { readonly milliseconds: number; readonly retryable: true }
  UNAVAILABLE_FILE: { readonly path: string; readonly retryable: boolean }
  UNAVAILABLE_KEY: { readonly id: string; readonly retryable: boolean; readonly tries?: number }
  UNAVAILABLE_LIMIT: Refused & { readonly retryable: false }
  UNAVAILABLE_LOCK: { readonly path: string; readonly retryable: true }
  UNAVAILABLE_NOT_FOUND: { readonly reference: string; readonly retryable: false }
  UNAVAILABLE_REVOCATION: { readonly subject: string; readonly retryable: boolean }
  UNAVAILABLE_STORE: { readonly retryable: boolean; readonly status?: number }
  UNAVAILABLE_TIMESTAMP: { readonly reason: string; readonly retryable: boolean }
  UNAVAILABLE_VERIFICATION: Refused & { readonly retryable: boolean }
  // DENIED_: credentials or permissions were refused.
  DENIED_FILE: { readonly path: string }
  DENIED_KEY: { readonly id: string }
  // UNSUPPORTED_: well-formed, but not something this version does.
  UNSUPPORTED_ATTRIBUTE: { readonly attributes: readonly string[] }
  UNSUPPORTED_KEY: { readonly algorithm: string; readonly supported: readonly string[] }
  UNSUPPORTED_MEDIA_TYPE: { readonly mediaType: string; readonly supported: readonly string[] }
  // MISUSE_: the caller's own mistake.
  MISUSE_CHECKS: { readonly checks: readonly string[] }
  MISUSE_OPTION: { readonly option: string }
  MISUSE_PACKAGE: { readonly package: string }
  MISUSE_REQUIREMENT: { readonly reason: string }
  MISUSE_SCOPE: { readonly policies: readonly string[] }
  MISUSE_TIMESTAMP_REQUIRED: { readonly key: string }
}

/** A code of the catalogue; one without a kind's prefix is not a code. */
export type ErrorCode = Extract<keyof ErrorCatalogue, `${ErrorKind}_${string}`>

const marker = Symbol.for('ocisign.error')

/** The only error class: a stable `code`, typed `details`, and the `cause` where there is one. */
export class OcisignError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'OcisignError'
  readonly code: C
  readonly details: Readonly<ErrorCatalogue[C]>

  constructor(code: C, message: string, details: ErrorCatalogue[C], options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
    Object.defineProperty(this, marker, { value: true })
  }
}

/**
 * Tells whether this is an error of ours, from whichever copy of the package, and of that code.
 *
 * @example
 * ```ts
 * import { isOcisignError, parseDigest } from '@ocisign/core'
 *
 * try {
 *   parseDigest('sha256:../../etc/passwd')
 * } catch (error) {
 *   if (isOcisignError(error, 'INVALID_DIGEST')) console.log(error.details.digest)
 * }
 * ```
 */
export function isOcisignError<C extends ErrorCode = ErrorCode>(error: unknown, code?: C): error is OcisignError<C> {
  return (
    typeof error === 'object' &&
    error !== null &&
    marker in error &&
    (code === undefined || (error as { code?: unknown }).code === code)
  )
}

/** The kind of any error; undefined for one that is not ours. */
export function errorKind(error: unknown): ErrorKind | undefined {
  return isOcisignError(error) ? (error.code.slice(0, error.code.indexOf('_')) as ErrorKind) : undefined
}

/** Makes text from outside safe to print: control characters escaped, at most `limit` characters. */
export function printable(text: string, limit = 200): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text
  // Nearly all text is this, and the pattern for the rest takes a third of a millisecond to compile.
  if (/^[ -~]*$/.test(cut)) return cut
  // Escapes C0, DEL, C1, bidirectional and zero-width controls: a terminal obeys them, a log viewer hides them.
  return cut.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  )
}
