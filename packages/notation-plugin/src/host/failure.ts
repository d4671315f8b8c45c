// SPDX-License-Identifier: Apache-2.0
import { errorKind, isOcisignError, printable } from '@ocisign/core'
import { pluginErrorCodes } from '../protocol.js'
import { type HostFailure, refusal } from './request.js'

/** What an error is in the contract's words; of an error that is not ours only its kind is told. */
export function failureOf(error: unknown): HostFailure {
  if (isHostFailure(error)) return error
  if (!isOcisignError(error)) {
    const kind = error instanceof Error ? error.name : typeof error
    return refusal(`something unexpected failed: ${printable(kind, 60)}`, 'ERROR')
  }
  return refusal(`${error.code}: ${printable(error.message, 500)}`, codeOf(error))
}

function isHostFailure(error: unknown): error is HostFailure {
  const { errorCode } = (error ?? {}) as Partial<HostFailure>
  return !(error instanceof Error) && pluginErrorCodes.some((code) => code === errorCode)
}

function codeOf(error: unknown) {
  if (isOcisignError(error, 'UNAVAILABLE_DEADLINE')) return 'TIMEOUT'
  if (isOcisignError(error, 'UNAVAILABLE_KEY')) return error.details.retryable ? 'THROTTLED' : 'ERROR'
  switch (errorKind(error)) {
    case 'DENIED':
      return 'ACCESS_DENIED'
    case 'INVALID':
    case 'UNSUPPORTED':
    case 'MISUSE':
      return 'VALIDATION_ERROR'
    default:
      return 'ERROR'
  }
}
