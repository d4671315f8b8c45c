// SPDX-License-Identifier: Apache-2.0
// The same chains where cryptography only comes as promises: browsers, Deno, edge runtimes.
import { expect, test, vi } from 'vitest'
import { parseCertificate } from '../../src/x509/certificate.js'
import { importCertificateKey, verifyChainSignatures } from '../../src/x509/path.js'
import { codeOfAsync } from './code.js'
import { makeChain, newEcKey, newRsaKey } from './make.js'

vi.mock('#crypto', () => import('../../src/crypto/web.js'))

const rsa = newRsaKey(2048)

test('a chain is verified', async () => {
  for (const rootKey of [newEcKey(), newEcKey('P-384'), newEcKey('P-521'), rsa]) {
    expect(await verifyChainSignatures(makeChain({ rootKey }).map(parseCertificate))).toHaveLength(3)
  }
})

test('one bit of any signature is noticed', async () => {
  for (const position of [0, 1, 2]) {
    const chain = makeChain({ rootKey: rsa })
    chain[position]!.set([chain[position]!.at(-1)! ^ 1], chain[position]!.length - 1)
    const certificates = chain.map(parseCertificate)
    expect(await codeOfAsync(() => verifyChainSignatures(certificates))).toBe('INVALID_CERTIFICATE_CHAIN')
  }
})

test('a key that the platform refuses is refused', async () => {
  const certificate = parseCertificate(makeChain()[0])
  const publicKey = { ...certificate.publicKey, point: new Uint8Array(65).fill(4) } as typeof certificate.publicKey
  expect(await codeOfAsync(() => importCertificateKey({ ...certificate, publicKey }))).toBe('INVALID_CERTIFICATE_CHAIN')
})
