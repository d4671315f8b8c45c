// SPDX-License-Identifier: Apache-2.0
// The service as your tests need it: it really signs, and fails on command. An emulator is as good.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { signHash } from '@ocisign/conformance/fake'
import { type Algorithm, algorithmName } from '@ocisign/core'
import type { AcmeClientLike } from '../dist/index.js'

/** A service with one key, named `release`. */
export function createFakeAcme(algorithm: Algorithm) {
  const { privateKey } =
    algorithm.scheme === 'ECDSA'
      ? generateKeyPairSync('ec', { namedCurve: `P-${algorithm.keyBits}` })
      : generateKeyPairSync('rsa', { modulusLength: algorithm.keyBits })
  const publicKey = createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const der = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const answer = <T>(status: number | undefined, value: () => T): Promise<T> =>
    status ? Promise.reject(Object.assign(new Error('on command'), { status })) : Promise.resolve(value())

  return {
    name: algorithmName(algorithm),
    secret: privateKey.export({ format: 'jwk' }).d ?? '',
    /** A client; with a `status` signing fails with it, and with `stall` it never answers. */
    client({ status, stall }: { status?: number; stall?: boolean } = {}): AcmeClientLike {
      return {
        getPublicKey: (keyId) => answer(keyId === 'release' ? undefined : 404, () => ({ der, version: 1 })),
        signHash: ({ hash }) =>
          stall ? new Promise(() => undefined) : answer(status, () => signHash(privateKey, algorithm, hash)),
      }
    },
  }
}
