// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, OcisignError, printable } from '@ocisign/core'

/** What the codes of gRPC mean for a key. */
const meanings: Readonly<Record<number, { readonly why: string; readonly retryable?: boolean }>> = {
  3: { why: 'is refused as the name of a key, or for this' },
  4: { why: 'did not answer in time', retryable: true },
  5: { why: 'does not exist' },
  8: { why: 'is used too often just now', retryable: true },
  9: { why: 'is not enabled' },
  10: { why: 'is busy', retryable: true },
  13: { why: 'cannot be used now', retryable: true },
  14: { why: 'cannot be reached', retryable: true },
}

const [permissionDenied, unauthenticated, unavailable] = [7, 16, 14]

/** What is asked of the service, in the words of its permissions, each with the role that has it. */
const roles = {
  'cloudkms.cryptoKeyVersions.list': 'the role roles/cloudkms.viewer has it; or name the version',
  'cloudkms.cryptoKeyVersions.viewPublicKey': 'the role roles/cloudkms.signerVerifier has it',
  'cloudkms.cryptoKeyVersions.useToSign': 'the role roles/cloudkms.signerVerifier has it',
} as const
export type Permission = keyof typeof roles

/** What a failure of Google Cloud means: by its gRPC code. */
export function keyError(id: string, permission: Permission, cause: unknown): OcisignError {
  if (isOcisignError(cause)) return cause
  const { code, details } = (cause ?? {}) as { readonly code?: unknown; readonly details?: unknown }
  const denied = (why: string) => new OcisignError('DENIED_KEY', `${id}: ${why}`, { id }, { cause })
  if (code === permissionDenied)
    return denied(`Google Cloud does not allow ${permission} with these credentials (7); ${roles[permission]}`)
  if (code === unauthenticated)
    return denied(
      'Google Cloud refuses these credentials, or there are none (16); gcloud auth application-default login',
    )
  const known = typeof code === 'number' ? meanings[code] : undefined
  const { why, retryable = false } = known ?? { why: 'cannot be used now', retryable: code === undefined }
  // Of a connection that failed: the name that does not resolve, the certificate that is not trusted.
  const reason = code === unavailable && typeof details === 'string' ? `: ${printable(details, 120)}` : ''
  const shown = typeof code === 'number' ? ` (${code}${reason})` : ''
  return new OcisignError('UNAVAILABLE_KEY', `${id} ${why}${shown}`, { id, retryable }, { cause })
}
