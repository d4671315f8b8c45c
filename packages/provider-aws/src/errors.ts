// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, OcisignError } from '@ocisign/core'

/** What AWS calls it when credentials are missing, wrong or not enough. */
const denials: readonly string[] = [
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'SignatureDoesNotMatch',
  'UnauthorizedSSOTokenError',
  'UnrecognizedClientException',
]

/** What it says of a key that is not there, or that nobody may use for now. */
const states: Readonly<Record<string, string>> = {
  DisabledException: 'is disabled',
  InvalidArnException: 'is no key of this account and region',
  InvalidGrantTokenException: 'cannot be used with this grant',
  KMSInvalidStateException: 'is in a state that does not allow signing',
  NotFoundException: 'does not exist in this account and region',
  ValidationException: 'is refused as the name of a key, or signs nothing',
}

/** What a failure of AWS means: by its error's name, which stays the same where its words do not. */
export function keyError(id: string, cause: unknown): OcisignError {
  if (isOcisignError(cause)) return cause
  const { name = '', $metadata } = (cause ?? {}) as {
    readonly name?: string
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode
  const shown = status === undefined ? name : `${name}, ${status}`
  if (denials.includes(name))
    return new OcisignError('DENIED_KEY', `${id}: AWS refuses these credentials (${shown})`, { id }, { cause })
  if (name === 'InvalidKeyUsageException')
    return new OcisignError(
      'UNSUPPORTED_KEY',
      `${id} is a key for something else than signing`,
      { algorithm: name, supported: ['SIGN_VERIFY'] },
      { cause },
    )
  const state = Object.hasOwn(states, name) ? states[name] : undefined
  const retryable =
    state === undefined && (status === undefined || status === 408 || status === 429 || isTransient(name, status))
  const why = state ?? (status === undefined ? 'cannot be reached' : 'cannot be used now')
  return new OcisignError('UNAVAILABLE_KEY', `${id} ${why} (${shown})`, { id, retryable }, { cause })
}

const isTransient = (name: string, status: number) =>
  status >= 500 || /Throttl|TooManyRequests|LimitExceeded|KeyUnavailable|RequestTimeout/.test(name)
