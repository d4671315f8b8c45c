// SPDX-License-Identifier: Apache-2.0
import { OcisignError } from '../../errors.js'
import type { Outcome } from '../../verdict.js'
import { failed, notApplicable, passed } from './outcome.js'

/** Checks the signature's own expiry (signature-specification, expiry): from that very second on it is over. */
export function checkExpiry(expiry: Date | undefined, now: number): Outcome {
  if (!expiry) return notApplicable
  if (now < expiry.getTime()) return passed
  const time = expiry.toISOString()
  return failed(new OcisignError('UNTRUSTED_EXPIRED', `the signature expired at ${time}`, { expiry: time }))
}
