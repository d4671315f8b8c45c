// SPDX-License-Identifier: Apache-2.0
// What PKCS#12 is encrypted with: AES by PBES2 (RFC 8018), as OpenSSL 3 does it, or what RFC 7292 has, as Windows does.
import { createDecipheriv, pbkdf2Sync } from 'node:crypto'
import { concatBytes } from '@ocisign/core'
import { contentOf, type DerValue, enter, iterationsOf, oidOf, tags, unreadable } from './der.js'
import { deriveBytes, type Hash, purposes } from './keys.js'
import { decryptRc2 } from './rc2.js'

const pbes2 = '2a864886f70d01050d'
const pbkdf2 = '2a864886f70d01050c'
const tripleDes = '2a864886f70d010c0103'
const rc2 = '2a864886f70d010c0106'

/** HMAC with each hash. */
const hmacs: Readonly<Record<string, Hash>> = {
  '2a864886f70d0207': 'sha1',
  '2a864886f70d0209': 'sha256',
  '2a864886f70d020a': 'sha384',
  '2a864886f70d020b': 'sha512',
}

/** AES with CBC, by the bits of its key. */
const aes: Readonly<Record<string, 128 | 192 | 256>> = {
  '608648016503040102': 128,
  '608648016503040116': 192,
  '60864801650304012a': 256,
}

const unsupported = () => unreadable('is encrypted with an algorithm that is not read here')

/** Decrypts by an AlgorithmIdentifier, with an empty password. @throws INVALID_CERTIFICATE */
export function decrypt(algorithm: DerValue | undefined, password: Uint8Array, bytes: Uint8Array): Uint8Array {
  const [kind, parameters] = enter(algorithm)
  const oid = oidOf(kind)
  if (oid === pbes2) return decryptAes(parameters, bytes)
  if (oid !== tripleDes && oid !== rc2) throw unsupported()
  const [salt, iterations] = enter(parameters)
  const derivation = {
    hash: 'sha1',
    password,
    salt: contentOf(salt, tags.octetString),
    iterations: iterationsOf(iterations),
  } as const
  const key = deriveBytes(derivation, purposes.key, oid === rc2 ? 5 : 24)
  const iv = deriveBytes(derivation, purposes.iv, 8)
  return withoutPadding(oid === rc2 ? decryptRc2(key, iv, bytes) : decipher('des-ede3-cbc', key, iv, bytes))
}

function decryptAes(parameters: DerValue | undefined, bytes: Uint8Array): Uint8Array {
  const [derivation, scheme] = enter(parameters)
  const [kind, options] = enter(derivation)
  const [cipher, iv] = enter(scheme)
  const [salt, iterations, ...more] = enter(options)
  // The length of the key may stand before the HMAC; it follows from the cipher.
  const hmac = more.find(({ tag }) => tag === tags.sequence)
  const hash = hmac ? hmacs[oidOf(enter(hmac)[0])] : 'sha1'
  const bits = aes[oidOf(cipher)]
  if (oidOf(kind) !== pbkdf2 || !hash || !bits) throw unsupported()
  const key = pbkdf2Sync('', contentOf(salt, tags.octetString), iterationsOf(iterations), bits / 8, hash)
  return withoutPadding(decipher(`aes-${bits}-cbc`, key, contentOf(iv, tags.octetString), bytes))
}

function decipher(name: string, key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  try {
    const cipher = createDecipheriv(name, key, iv).setAutoPadding(false)
    return concatBytes(cipher.update(bytes), cipher.final())
  } catch (cause) {
    throw unreadable('cannot be decrypted', cause)
  }
}

/** As many bytes as each of them says. */
function withoutPadding(bytes: Uint8Array): Uint8Array {
  const length = bytes.at(-1) ?? 0
  const end = bytes.length - length
  if (length < 1 || length > 16 || end < 0 || bytes.subarray(end).some((byte) => byte !== length))
    throw unreadable('cannot be decrypted')
  return bytes.subarray(0, end)
}
