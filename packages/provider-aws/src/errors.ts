// SPDX-License-Identifier: Apache-2.0
import { describeConnectionFailure, isOcisignError, OcisignError } from '@ocisign/core'

/** What is asked of AWS, in the words of its policies. */
export type Action = 'kms:GetPublicKey' | 'kms:Sign' | 'signer:SignPayload'

const notAllowed = 'AWS does not allow it with these credentials'
const expired = 'the credentials of AWS have expired; get new ones'
const refused = 'AWS refuses these credentials'

/** What AWS calls it when credentials are missing, wrong or not enough. */
const denials: Readonly<Record<string, string>> = {
  AccessDenied: notAllowed,
  AccessDeniedException: notAllowed,
  CredentialsProviderError: 'there are no credentials of AWS; give the environment some, or log in with aws sso login',
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  IncompleteSignature: refused,
  InvalidClientTokenId: refused,
  InvalidSignatureException: `${refused}, or the clock of this machine is wrong`,
  MissingAuthenticationTokenException: refused,
  NotAuthorized: notAllowed,
  OptInRequired: 'this account has not opted in to the region',
  SignatureDoesNotMatch: `${refused}, or the clock of this machine is wrong`,
  UnauthorizedSSOTokenError: expired,
  UnrecognizedClientException: refused,
}

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
export function keyError(id: string, action: Action, cause: unknown): OcisignError {
  if (isOcisignError(cause)) return cause
  const {
    name = '',
    message = '',
    $metadata,
  } = (cause ?? {}) as {
    readonly name?: string
    readonly message?: string
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode
  const shown = status === undefined ? name : `${name}, ${status}`
  const denial = Object.hasOwn(denials, name) ? denials[name] : undefined
  if (denial !== undefined) {
    const why = denial === notAllowed ? `${denial}: a policy has to allow ${action}` : denial
    return new OcisignError('DENIED_KEY', `${id}: ${why} (${shown})`, { id }, { cause })
  }
  if (name === 'InvalidKeyUsageException')
    return new OcisignError(
      'UNSUPPORTED_KEY',
      `${id} is a key for something else than signing`,
      { algorithm: name, supported: ['SIGN_VERIFY'] },
      { cause },
    )
  const unavailable = (why: string, retryable: boolean) =>
    new OcisignError('UNAVAILABLE_KEY', `${id} ${why}`, { id, retryable }, { cause })
  const state = Object.hasOwn(states, name) ? states[name] : undefined
  if (state !== undefined) return unavailable(`${state} (${shown})`, false)
  // Of this there is no name: the client says so before it asks anybody.
  if (message === 'Region is missing')
    return unavailable('is in no region that is known; set AWS_REGION, or name the key by its ARN', false)
  if (status !== undefined) return unavailable(`cannot be used now (${shown})`, isTransient(name, status))
  const { why, retryable } = describeConnectionFailure(cause)
  return unavailable(why, retryable)
}

const isTransient = (name: string, status: number) =>
  status === 408 ||
  status === 429 ||
  status >= 500 ||
  /Throttl|TooManyRequests|LimitExceeded|KeyUnavailable|RequestTimeout/.test(name)
