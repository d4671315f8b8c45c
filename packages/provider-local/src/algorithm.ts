// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto'
import { type Algorithm, notaryAlgorithms } from '@ocisign/core'
import { unsupportedKey } from './errors.js'

/** OpenSSL's names of the curves, with their size in bits. */
const curves: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 }

/**
 * The one algorithm that a key signs with in the Notary Project (signature-specification, algorithm selection).
 * @throws UNSUPPORTED_KEY naming those there are
 */
export function algorithmOf(key: KeyObject, id: string): Algorithm {
  const { namedCurve = 'a curve without a name', modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec') {
    const bits = Object.hasOwn(curves, namedCurve) ? curves[namedCurve] : undefined
    return selectAlgorithm('ECDSA', bits, id, `an EC key on ${namedCurve}`)
  }
  if (key.asymmetricKeyType === 'rsa')
    return selectAlgorithm('RSASSA-PSS', modulusLength, id, `an RSA key of ${modulusLength} bits`)
  if (key.asymmetricKeyType === 'rsa-pss')
    throw unsupportedKey(id, 'an RSA key bound to RSASSA-PSS (id-RSASSA-PSS), which no verifier reads')
  throw unsupportedKey(id, `of the type ${key.asymmetricKeyType}`)
}

/** The Notary Project algorithm of that scheme and size. @throws UNSUPPORTED_KEY */
export function selectAlgorithm(
  scheme: Algorithm['scheme'],
  bits: number | undefined,
  id: string,
  what: string,
): Algorithm {
  const algorithm = notaryAlgorithms.find((each) => each.scheme === scheme && each.keyBits === bits)
  if (!algorithm) throw unsupportedKey(id, what)
  return algorithm
}
