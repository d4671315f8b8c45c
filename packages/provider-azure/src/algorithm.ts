// SPDX-License-Identifier: Apache-2.0
import { type Algorithm, concatBytes, OcisignError, printable, unsupportedKey } from '@ocisign/core'
import type { KeyVaultAlgorithm, KeyVaultJwk } from './clients.js'

/** The name that Key Vault has for an algorithm of the Notary Project. */
export function signatureAlgorithm({ scheme, hash }: Algorithm): KeyVaultAlgorithm {
  const bits = Number(hash.slice(3)) as 256 | 384 | 512
  return `${scheme === 'ECDSA' ? 'ES' : 'PS'}${bits}`
}

const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))

/** What stands before the point in a SubjectPublicKeyInfo (RFC 5480). */
const curves: Readonly<Record<string, { readonly prefix: string; readonly width: number }>> = {
  'P-256': { prefix: '3059301306072a8648ce3d020106082a8648ce3d03010703420004', width: 32 },
  'P-384': { prefix: '3076301006072a8648ce3d020106052b8104002203620004', width: 48 },
  'P-521': { prefix: '30819b301006072a8648ce3d020106052b810400230381860004', width: 66 },
}

/** SubjectPublicKeyInfo, DER, of a public key as Key Vault shows it. @throws UNSUPPORTED_KEY | UNAVAILABLE_KEY */
export function encodePublicKey(jwk: KeyVaultJwk | undefined, id: string): Uint8Array {
  const { kty = '', crv = '', n, e, x, y } = jwk ?? {}
  if (/^RSA(?:-HSM)?$/.test(kty) && n && e) return encodeRsa(n, e)
  const curve = /^EC(?:-HSM)?$/.test(kty) && Object.hasOwn(curves, crv) ? curves[crv] : undefined
  if (!curve) throw unsupportedKey(id, `a key of the type ${printable(`${kty} ${crv}`.trim(), 40)}`)
  if (!x || !y || x.length > curve.width || y.length > curve.width)
    throw new OcisignError('UNAVAILABLE_KEY', `${id} has a public key that cannot be read`, { id, retryable: false })
  const pad = (bytes: Uint8Array) => concatBytes(new Uint8Array(curve.width - bytes.length), bytes)
  return concatBytes(hex(curve.prefix), pad(x), pad(y))
}

/** rsaEncryption with its NULL. */
const rsaAlgorithm = hex('300d06092a864886f70d0101010500')

function encodeRsa(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const key = tlv(0x30, concatBytes(encodeUnsigned(modulus), encodeUnsigned(exponent)))
  return tlv(0x30, concatBytes(rsaAlgorithm, tlv(0x03, concatBytes(Uint8Array.of(0), key))))
}

function encodeUnsigned(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  const magnitude = bytes.subarray(first < 0 ? bytes.length : first)
  return tlv(0x02, (magnitude[0] ?? 0x80) & 0x80 ? concatBytes(Uint8Array.of(0), magnitude) : magnitude)
}

function tlv(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return concatBytes(Uint8Array.of(tag, ...size), content)
}
