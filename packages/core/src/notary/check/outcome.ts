// SPDX-License-Identifier: Apache-2.0
import type { OcisignError } from '../../errors.js'
import type { Outcome } from '../../verdict.js'

export const passed: Outcome = { status: 'passed' }
export const notApplicable: Outcome = { status: 'not-applicable' }
/** Nobody looked: policy says so, or an earlier check ended it. */
export const skipped: Outcome = { status: 'skipped' }
export const failed = (error: OcisignError): Outcome => ({ status: 'failed', error })
export const inconclusive = (error: OcisignError): Outcome => ({ status: 'inconclusive', error })
