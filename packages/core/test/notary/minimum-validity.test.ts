// SPDX-License-Identifier: Apache-2.0
// Certificates that end soon.
import {
  type CertificateValidity,
  cose,
  jws,
  type Target,
  verifySigningCertificates,
  withMinimumValidity,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { expect, test } from 'vitest'
import { code } from '../families.js'
import { createScene } from './scene.js'

const day = 86_400
const target: Target = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7 }

test('a signature is told when its certificates end, and refused where that is too soon', async () => {
  const scene = await createScene({ days: 10 })
  const told: CertificateValidity[] = []
  const watch = (minimumSeconds?: number) =>
    withMinimumValidity(scene.signerOf(), {
      formats: [jws, cose],
      minimumSeconds,
      onSigned: (validity) => void told.push(validity),
    })
  const signature = await watch().sign(target)
  expect(signature.mediaType).toBe(jws.mediaType)
  expect(Math.round((told[0]!.notAfter.getTime() - Date.now()) / 1000 / day)).toBe(10)
  await expect(watch(9 * day).sign(target)).resolves.toMatchObject({ mediaType: jws.mediaType })
  await expect(watch(11 * day).sign(target)).rejects.toMatchObject(code('UNTRUSTED_VALIDITY'))
  expect(told).toHaveLength(2)
  expect(watch().digestAlgorithm).toBe('sha256')
})

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('%s seconds are no minimum', async (minimumSeconds) => {
  const { signerOf } = await createScene()
  const make = () => withMinimumValidity(signerOf(), { formats: [jws], minimumSeconds })
  expect(make).toThrow(expect.objectContaining(code('MISUSE_OPTION')))
})

test('a chain is checked before anything is signed with it', async () => {
  const { chain } = await createTestChain({ length: 3, subject: 'C=US,ST=WA,O=Test,CN=leaf', days: 10 })
  expect(await verifySigningCertificates(chain)).toMatchObject({
    subject: expect.stringContaining('CN=leaf'),
    issuer: expect.stringContaining('CN=ocisign test intermediate 1'),
    algorithm: { scheme: 'ECDSA', keyBits: 256 },
    notAfter: expect.any(Date),
  })
  const later = () => new Date(Date.now() + 11 * day * 1000)
  const cases = [
    [chain, { minimumSeconds: 11 * day }, 'UNTRUSTED_VALIDITY'],
    [chain, { clock: later }, 'UNTRUSTED_VALIDITY'],
    [chain.slice(0, 2), {}, 'INVALID_CERTIFICATE_CHAIN'],
    [[...chain].reverse(), {}, 'INVALID_CERTIFICATE_CHAIN'],
    [[chain[0]!.subarray(1)], {}, 'INVALID_DER'],
  ] as const
  for (const [bytes, options, expected] of cases)
    await expect(verifySigningCertificates(bytes, options)).rejects.toMatchObject(code(expected))
})
