// SPDX-License-Identifier: Apache-2.0
// What it means when fetch fails: runtimes say it with different errors, codes and texts.
import { isOcisignError, OcisignError, printable } from '@ocisign/core'

const tlsCode =
  /^(?:ERR_TLS_\w+|ERR_SSL_\w+|ERR_OSSL_\w+|CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+|DEPTH_ZERO_\w+|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|EPROTO)$/
// Deno and Bun say it in words.
const tlsText = /invalid peer certificate|certificate verify failed|self[- ]signed certificate|certificate has expired/i
const protocolCode = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|^EPROTO$/
const protocolText = /InvalidContentType|corrupt message|wrong version number/i
const nameCodes: readonly string[] = ['ENOTFOUND', 'EAI_NONAME', 'ERR_INVALID_URL']
const beforeSendingCodes: readonly string[] = [
  ...nameCodes,
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ConnectionRefused',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]
const maxCauses = 20

/** An error and everything that caused it, outermost first. */
function causesOf(error: unknown): readonly object[] {
  const found: object[] = []
  const open: unknown[] = [error]
  while (open.length > 0 && found.length < maxCauses) {
    const next = open.shift()
    if (typeof next !== 'object' || next === null || found.includes(next)) continue
    found.push(next)
    const { cause, errors } = next as { readonly cause?: unknown; readonly errors?: unknown }
    open.push(cause)
    if (Array.isArray(errors)) open.push(...errors.slice(0, maxCauses))
  }
  return found
}

const codesOf = (error: unknown): readonly string[] =>
  causesOf(error).flatMap((each) => {
    const { code } = each as { readonly code?: unknown }
    return typeof code === 'string' && /^\w{1,60}$/.test(code) ? [code] : []
  })

const textsOf = (error: unknown): string =>
  causesOf(error)
    .map((each) => String((each as { readonly message?: unknown }).message ?? '').slice(0, 1000))
    .join('\n')

/** Names the failure of a request to `host` (`host[:port]`): UNAVAILABLE_TLS or UNAVAILABLE_HOST. */
export function failureOf(cause: unknown, host: string, what: string): OcisignError {
  const codes = codesOf(cause)
  const texts = textsOf(cause)
  const shown = printable(host)
  const code = codes.find((each) => each !== 'ERR_INVALID_ARG_TYPE')
  const suffix = code === undefined ? '' : ` (${code})`
  if (codes.some((each) => protocolCode.test(each)) || protocolText.test(texts))
    return new OcisignError(
      'UNAVAILABLE_TLS',
      `could not ${what}: ${shown} does not speak TLS${suffix}; if it is meant to be spoken to by plain http, name it among the insecure hosts (--insecure-registry)`,
      { host: shown, status: undefined, retryable: false },
      { cause },
    )
  if (codes.some((each) => tlsCode.test(each)) || tlsText.test(texts))
    return new OcisignError(
      'UNAVAILABLE_TLS',
      `could not ${what}: the certificate of ${shown} is not trusted${suffix}; where it is right, give the certificate authority that issued it (--ca-file)`,
      { host: shown, status: undefined, retryable: false },
      { cause },
    )
  return hostError(shown, `could not ${what}: ${reasonOf(codes, shown)}${suffix}`, cause)
}

function reasonOf(codes: readonly string[], host: string): string {
  if (codes.some((each) => nameCodes.includes(each))) return `there is no host ${host}`
  if (codes.includes('EAI_AGAIN')) return `the name ${host} could not be looked up`
  if (codes.some((each) => beforeSendingCodes.includes(each))) return `${host} cannot be reached`
  return `the connection to ${host} failed`
}

/** Says that a host gave no answer. */
export function hostError(host: string, message: string, cause?: unknown): OcisignError<'UNAVAILABLE_HOST'> {
  const options = cause === undefined ? {} : { cause }
  return new OcisignError('UNAVAILABLE_HOST', message, { host, status: undefined, retryable: true }, options)
}

/** Who answered, and what, before the answer ended too early. */
export interface Answered {
  /** `host[:port]` */
  readonly host: string
  readonly status: number
}

/** Names the failure of a body that was being read: as of a request, but that the host had begun to answer. */
export function bodyFailureOf(cause: unknown, { host, status }: Answered, what: string): OcisignError {
  const failure = failureOf(cause, host, what)
  if (failure.code !== 'UNAVAILABLE_HOST') return failure
  const [code] = codesOf(cause)
  const suffix = code === undefined ? '' : ` (${code})`
  return shortError(
    { host, status },
    `could not ${what}: ${host} answered ${status}, but not to the end${suffix}`,
    cause,
  )
}

/** Says that a host began to answer and did not end: nobody knows what the rest was. */
export function shortError(
  { host, status }: Answered,
  message: string,
  cause?: unknown,
): OcisignError<'UNAVAILABLE_CONTENT'> {
  const options = cause === undefined ? {} : { cause }
  return new OcisignError('UNAVAILABLE_CONTENT', message, { host, status, retryable: true }, options)
}

/** Tells whether a connection was lost, before an answer or during one. */
export function isLost(error: unknown): error is OcisignError<'UNAVAILABLE_CONTENT' | 'UNAVAILABLE_HOST'> {
  return isOcisignError(error, 'UNAVAILABLE_HOST') || isOcisignError(error, 'UNAVAILABLE_CONTENT')
}

/** Tells whether a failure will be the same in a second. */
export function isLasting(error: OcisignError): boolean {
  return codesOf(error.cause).some((code) => nameCodes.includes(code))
}

/** Tells whether the request surely never reached anybody. */
export function isBeforeSending(error: OcisignError): boolean {
  return codesOf(error.cause).some((code) => beforeSendingCodes.includes(code))
}
