// SPDX-License-Identifier: Apache-2.0
import type { Target } from '../../descriptor.js'
import { OcisignError, printable } from '../../errors.js'

/**
 * Holds what was signed to what is being verified: digest, size, the media type where it is known, and the user
 * metadata that is required.
 * @throws UNTRUSTED_TARGET | UNTRUSTED_METADATA
 */
export function checkTarget(signed: Target, expected: Target): void {
  if (
    signed.digest !== expected.digest ||
    signed.size !== expected.size ||
    (expected.mediaType !== undefined && signed.mediaType !== expected.mediaType)
  ) {
    const [of, wanted] = [describe(signed), describe(expected)]
    throw new OcisignError('UNTRUSTED_TARGET', `the signature is of ${of}, not of ${wanted}`, {
      expected: wanted,
      signed: of,
    })
  }
  const { annotations } = expected
  if (!annotations) return
  const missing = Object.keys(annotations).filter(
    (name) =>
      !signed.annotations || !Object.hasOwn(signed.annotations, name) || signed.annotations[name] !== annotations[name],
  )
  if (missing.length > 0)
    throw new OcisignError(
      'UNTRUSTED_METADATA',
      `the signature does not have the user metadata required: ${missing.map((name) => printable(name)).join(', ')}`,
      { missing },
    )
}

const describe = ({ digest, size, mediaType = 'any media type' }: Target) =>
  `${printable(digest, 140)} (${size} bytes, ${printable(mediaType)})`
