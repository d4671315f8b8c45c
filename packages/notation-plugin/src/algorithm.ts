// SPDX-License-Identifier: Apache-2.0
// What the contract calls the six algorithms (signature-specification, algorithm selection).
import { type Algorithm, equalAlgorithms, notaryAlgorithms } from '@ocisign/core'

/** An algorithm in the contract's words. */
export interface AlgorithmNames {
  readonly algorithm: Algorithm
  /** `EC-256`, `RSA-2048` … */
  readonly keySpec: string
  /** `SHA-256` … */
  readonly hashAlgorithm: string
  /** `ECDSA-SHA-256`, `RSASSA-PSS-SHA-256` … */
  readonly signingAlgorithm: string
}

const namesOf = (algorithm: Algorithm): AlgorithmNames => {
  const hashAlgorithm = algorithm.hash.replace('sha', 'SHA-')
  return {
    algorithm,
    keySpec: `${algorithm.scheme === 'ECDSA' ? 'EC' : 'RSA'}-${algorithm.keyBits}`,
    hashAlgorithm,
    signingAlgorithm: `${algorithm.scheme}-${hashAlgorithm}`,
  }
}

/** Finds an algorithm by its key specification; undefined for one that the contract does not know. */
export function findByKeySpec(keySpec: string): AlgorithmNames | undefined {
  return notaryAlgorithms.map(namesOf).find((names) => names.keySpec === keySpec)
}

/** What the contract calls an algorithm; undefined for one that it does not know. */
export function findByAlgorithm(algorithm: Algorithm): AlgorithmNames | undefined {
  const known = notaryAlgorithms.find((each) => equalAlgorithms(each, algorithm))
  return known && namesOf(known)
}
