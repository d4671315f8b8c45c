// SPDX-License-Identifier: Apache-2.0
import { describeConnectionFailure, isOcisignError, OcisignError } from '@ocisign/core'

/** What is asked of the service, in the words of its permissions. */
export type Operation =
  | 'keys/get'
  | 'keys/list'
  | 'keys/sign'
  | 'certificates/get'
  | 'certificates/list'
  | 'secrets/get'
  | 'sign'

/** Where each operation is allowed, and what to do without it. */
const advice: Readonly<Record<Operation, string>> = {
  'keys/get': 'the role Key Vault Crypto User (of a managed HSM: Managed HSM Crypto User) has it',
  'keys/list': 'the role Key Vault Crypto User (of a managed HSM: Managed HSM Crypto User) has it; or name the version',
  'keys/sign': 'the role Key Vault Crypto User (of a managed HSM: Managed HSM Crypto User) has it',
  'certificates/get': 'the role Key Vault Certificate User has it',
  'certificates/list': 'the role Key Vault Certificate User has it; or name the version',
  'secrets/get':
    'the role Key Vault Secrets User has it; or give the chain yourself, or say that the certificate is self-signed',
  sign: "the role Artifact Signing Certificate Profile Signer has it, at the end-point of the account's region",
}

/** Errors of `@azure/core-rest-pipeline` and `@azure/identity`. */
interface AzureError {
  readonly name?: string
  readonly code?: string
  readonly statusCode?: number
  readonly message?: string
  /** Of MSAL, which credentials keep below errors of their own. */
  readonly status?: number
  readonly errorCode?: string
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
  /** Of credentials of the environment, which keep no cause: `CODE: WORDS` of MSAL. */
  readonly errorResponse?: { readonly errorDescription?: string }
}

/** The error without the request that failed: its headers have the token. */
function withoutRequest(error: unknown): Error {
  const { name, code, statusCode, message } = (error ?? {}) as AzureError
  return Object.assign(new Error(message), { name, code, statusCode })
}

/** What a failure of Azure means. */
export function keyError(id: string, operation: Operation, error: unknown): OcisignError {
  if (isOcisignError(error)) return error
  const { name = '', statusCode: status, message = '' } = (error ?? {}) as AzureError
  const cause = withoutRequest(error)
  const unavailable = (why: string, retryable: boolean) =>
    new OcisignError('UNAVAILABLE_KEY', `${id} ${why}`, { id, retryable }, { cause })
  if (credentialErrors.test(name)) {
    if (isTransient(error)) return unavailable(`cannot be asked now: there is no token (${name})`, true)
    // Microsoft's own number for what is wrong, such as a client secret that has expired.
    const [number] = /\bAADSTS[0-9]{4,8}\b/.exec(message) ?? []
    const shown = number === undefined ? name : `${name}, ${number}`
    const denied = `${id}: there are no usable credentials of Azure (${shown}); log in with az login, or give the environment some`
    return new OcisignError('DENIED_KEY', denied, { id }, { cause })
  }
  if (isDisabled(cause)) return unavailable('is disabled, expired, or not yet valid', false)
  if (status === 401 || status === 403) {
    const denied = `${id}: Azure does not allow ${operation} with these credentials (${status}); ${advice[operation]}`
    return new OcisignError('DENIED_KEY', denied, { id }, { cause })
  }
  if (status === 404) return unavailable('does not exist (404)', false)
  if (status === undefined) {
    const { why, retryable } = describeConnectionFailure(error)
    return unavailable(why, retryable)
  }
  return unavailable(`cannot be used now (${status})`, status === 408 || status === 429 || status >= 500)
}

const credentialErrors =
  /^(?:CredentialUnavailableError|AuthenticationError|AggregateAuthenticationError|AuthenticationRequiredError)$/

/** Whether what keeps a token from us may be over soon: 404 and 410 are what a managed identity has that is just being made. */
function isTransient(error: unknown, depth = 0): boolean {
  const { status, statusCode = status, errorCode, cause, errors = [], errorResponse } = (error ?? {}) as AzureError
  if (depth > 4) return false
  if (errorCode === 'network_error' || /^\s*network_error:/.test(errorResponse?.errorDescription ?? '')) return true
  if (statusCode !== undefined && mayPass(statusCode)) return true
  return [cause, ...errors].some((each) => isTransient(each, depth + 1))
}

const mayPass = (status: number) => [404, 408, 410, 429].includes(status) || status >= 500

/** Key Vault says of a key that is disabled that it is forbidden. */
export function isDisabled(cause: unknown): boolean {
  const { statusCode, message = '', code = '' } = (cause ?? {}) as AzureError
  return (
    statusCode === 403 &&
    /KeyDisabled|is disabled|not enabled|a disabled (?:key|certificate|secret)|expired|not yet valid/i.test(
      `${code} ${message}`,
    )
  )
}
