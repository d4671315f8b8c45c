// SPDX-License-Identifier: Apache-2.0
import { type Algorithm, notaryAlgorithms, requireAlgorithm } from '../../algorithm.js'
import { isUnicode } from '../../bytes.js'
import { OcisignError, printable } from '../../errors.js'
import { attributesProblem, criticalProblem, maxCritical, requiredCritical } from '../attributes.js'
import { type EnvelopeContent, payloadMediaType } from '../envelope.js'

const misuse = (option: string, why: string) =>
  new OcisignError('MISUSE_OPTION', `what is to be signed ${why}`, { option })

/** The error for an extended attribute that cannot be signed. */
export function refuseExtended(key: string | number, why: string): OcisignError {
  const name = printable(String(key), 100)
  return new OcisignError('MISUSE_OPTION', `the extended attribute "${name}" ${why}`, { option: 'extendedAttributes' })
}

/**
 * Holds what is to be signed to the rules for what is read, and gives the critical attributes in the order to list.
 * @throws MISUSE_OPTION | UNSUPPORTED_KEY
 */
export function requireSignable(
  { payload, payloadType, attributes }: EnvelopeContent,
  algorithm: Algorithm,
  mayBeCritical: (key: string | number) => boolean,
): readonly (string | number)[] {
  requireAlgorithm(algorithm, notaryAlgorithms)
  if (payloadType !== payloadMediaType) throw misuse('payloadType', `has to be ${payloadMediaType}`)
  if (payload.length === 0) throw misuse('payload', 'is empty')
  const keys = new Set(attributes.extended.map(({ key }) => key))
  for (const { key } of attributes.extended) {
    if (!keys.delete(key)) throw refuseExtended(key, 'is there twice')
    if (key === '') throw refuseExtended(key, 'has no name')
    if (typeof key === 'string' && !isUnicode(key)) throw refuseExtended(key, 'has a name that is not valid Unicode')
  }
  const extended = attributes.extended.filter(({ critical }) => critical).map(({ key }) => key)
  const critical = [...requiredCritical(attributes), ...extended]
  if (critical.length > maxCritical)
    throw misuse('extendedAttributes', `has more than ${maxCritical} critical attributes`)
  const problem = attributesProblem(attributes) ?? criticalProblem(attributes, critical, mayBeCritical)
  if (problem) throw misuse('attributes', problem)
  return critical
}
