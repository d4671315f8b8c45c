// SPDX-License-Identifier: Apache-2.0
import { type Algorithm, notaryAlgorithms, printable, unsupportedKey } from '@ocisign/core'

/** Those of Cloud KMS that sign for the Notary Project: it has no P-521, and no PSS with SHA-384. */
const fitting: Readonly<Record<string, Algorithm>> = {
  EC_SIGN_P256_SHA256: notaryAlgorithms[0]!,
  EC_SIGN_P384_SHA384: notaryAlgorithms[1]!,
  RSA_SIGN_PSS_2048_SHA256: notaryAlgorithms[3]!,
  RSA_SIGN_PSS_4096_SHA512: notaryAlgorithms[5]!,
}

/** The numbers that stand for these names where a client shows numbers. */
const numbers: Readonly<Record<number, string>> = {
  2: 'RSA_SIGN_PSS_2048_SHA256',
  12: 'EC_SIGN_P256_SHA256',
  13: 'EC_SIGN_P384_SHA384',
  15: 'RSA_SIGN_PSS_4096_SHA512',
}

/** A key of Cloud KMS signs with the one algorithm it was made for. @throws UNSUPPORTED_KEY naming those that fit */
export function algorithmOf(name: unknown, id: string): Algorithm {
  const text = typeof name === 'number' ? (numbers[name] ?? `number ${name}`) : String(name)
  const algorithm = Object.hasOwn(fitting, text) ? fitting[text] : undefined
  if (algorithm) return algorithm
  const names = Object.keys(fitting).join(', ')
  throw unsupportedKey(id, `made for ${printable(text, 60)} (Cloud KMS has ${names} for this)`, Object.values(fitting))
}
