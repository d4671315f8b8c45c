// SPDX-License-Identifier: Apache-2.0
// Three implementations of ECDSA give one answer to every case of Wycheproof, and it is the right one.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { loadWycheproof } from '../../../conformance/src/vectors/index.js'
import * as node from '../../../core/src/crypto/node.js'
import * as web from '../../../core/src/crypto/web.js'
import { type Curve, curves, verifyEcdsa } from '../../src/portable/ecdsa.js'

const names = { secp256r1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' } as const
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))

/** The portable implementation, also with a hash that is not the curve's own, which no key of ours uses. */
function verifyPortable(curve: Curve, hash: string, point: Uint8Array, message: Uint8Array, signature: Uint8Array) {
  if (hash === curve.hash || signature.length !== 2 * curve.bytes) return verifyEcdsa(curve, point, message, signature)
  const digest = new Uint8Array(createHash(hash).update(message).digest())
  return curve.implementation.verify(signature, digest, point, { lowS: false, prehash: false })
}

/** Tells whether s is in the upper half of its range, where the library left to itself refuses it. */
const isLarge = (curve: Curve, signature: Uint8Array) =>
  BigInt(`0x${Buffer.from(signature.subarray(curve.bytes)).toString('hex')}`) > curve.implementation.Point.Fn.ORDER / 2n

describe.each([
  ['ecdsa_secp256r1_sha256_p1363', 200],
  ['ecdsa_secp256r1_sha512_p1363', 200],
  ['ecdsa_secp384r1_sha384_p1363', 200],
  ['ecdsa_secp384r1_sha512_p1363', 200],
  ['ecdsa_secp521r1_sha512_p1363', 200],
] as const)('%s', (file, atLeast) => {
  test('plain JavaScript, node:crypto and WebCrypto agree', async () => {
    let cases = 0
    let large = 0
    const wrong: string[] = []
    for (const { publicKey, publicKeyDer, sha, tests } of (await loadWycheproof(file)).testGroups) {
      if (!('curve' in publicKey)) throw new Error('not a key on a curve')
      const name = names[publicKey.curve]
      const curve = curves[name]!
      const hash = sha.replace('-', '').toLowerCase() as 'sha256' | 'sha384' | 'sha512'
      const point = bytes(publicKey.uncompressed)
      const key = { kind: 'ec', curve: name, point, spki: bytes(publicKeyDer), bits: curve.bits } as const
      const [nodeKey, webKey] = [await node.importPublicKey(key), await web.importPublicKey(key)]
      const algorithm = { scheme: 'ECDSA', hash } as const
      for (const { tcId, comment, result, msg, sig } of tests) {
        const [message, signature] = [bytes(msg), bytes(sig)]
        const answers = [
          verifyPortable(curve, hash, point, message, signature),
          await node.verifySignature(nodeKey, algorithm, message, signature),
          await web.verifySignature(webKey, algorithm, message, signature),
        ]
        cases++
        if (answers.some((answer) => answer !== (result === 'valid')))
          wrong.push(`${tcId} (${comment}) is ${result}: ${answers.join(', ')}`)
        else if (result === 'valid' && isLarge(curve, signature)) large++
      }
    }
    console.log(`${file}: ${cases} cases`)
    expect(wrong).toEqual([])
    expect(cases).toBeGreaterThan(atLeast)
    expect(large).toBeGreaterThan(0)
  })
})
