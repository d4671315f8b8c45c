// SPDX-License-Identifier: Apache-2.0
import { type Algorithm, encodePublicKey, printable, unsupportedKey } from '@ocisign/core'
import type { KeyVaultAlgorithm, KeyVaultJwk } from './clients.js'

/** The name that Key Vault has for an algorithm of the Notary Project. */
export function signatureAlgorithm({ scheme, hash }: Algorithm): KeyVaultAlgorithm {
  const bits = Number(hash.slice(3)) as 256 | 384 | 512
  return `${scheme === 'ECDSA' ? 'ES' : 'PS'}${bits}`
}

/** SubjectPublicKeyInfo, DER, of a public key as Key Vault shows it. @throws UNSUPPORTED_KEY */
export function publicKeyOf(jwk: KeyVaultJwk | undefined, id: string): Uint8Array {
  const { kty = '', crv = '', n, e, x, y } = jwk ?? {}
  const isOf = (family: string) => kty === family || kty === `${family}-HSM`
  const spki =
    isOf('RSA') && n && e
      ? encodePublicKey({ n, e })
      : isOf('EC') && x && y
        ? encodePublicKey({ crv, x, y })
        : undefined
  if (spki) return spki
  throw unsupportedKey(id, `a key of the type ${printable(`${kty} ${crv}`.trim(), 40)}`)
}
