// SPDX-License-Identifier: Apache-2.0
import { type Algorithm, algorithmName, notaryAlgorithms } from '../algorithm.js'
import { isOcisignError, OcisignError } from '../errors.js'
import { parsePublicKey } from '../x509/public-key.js'

/** The error for a key that exists but signs nothing here; `what` says which kind it is. */
export function unsupportedKey(
  id: string,
  what: string,
  fitting: readonly Algorithm[] = notaryAlgorithms,
  options?: { readonly cause: unknown },
): OcisignError<'UNSUPPORTED_KEY'> {
  const supported = fitting.map(algorithmName)
  const message = `${id} is ${what}; these keys sign: ${supported.join(', ')}`
  return new OcisignError('UNSUPPORTED_KEY', message, { algorithm: what, supported }, options)
}

/**
 * The one algorithm that a key signs with (signature-specification, algorithm selection), by its public key: what a
 * service calls the key need not be believed.
 *
 * @param spki SubjectPublicKeyInfo, DER
 * @throws UNSUPPORTED_KEY naming those there are
 * @throws UNAVAILABLE_KEY where it is no public key at all
 */
export function algorithmOfPublicKey(spki: Uint8Array, id: string): Algorithm {
  let key: ReturnType<typeof parsePublicKey>
  try {
    key = parsePublicKey(spki)
  } catch (cause) {
    // Well-formed, but of a kind that nobody verifies with: another curve, a compressed point.
    if (isOcisignError(cause, 'INVALID_CERTIFICATE')) throw unsupportedKey(id, `a key of which ${cause.message}`)
    const message = `the service answered with something that is no public key of ${id}`
    throw new OcisignError('UNAVAILABLE_KEY', message, { id, retryable: false }, { cause })
  }
  if ('unsupported' in key) throw unsupportedKey(id, `a key of the kind ${key.unsupported}`)
  const scheme = key.kind === 'ec' ? 'ECDSA' : 'RSASSA-PSS'
  const algorithm = notaryAlgorithms.find((each) => each.scheme === scheme && each.keyBits === key.bits)
  if (algorithm) return algorithm
  throw unsupportedKey(id, `${key.kind === 'ec' ? 'an EC' : 'an RSA'} key of ${key.bits} bits`)
}
