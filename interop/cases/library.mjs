// SPDX-License-Identifier: Apache-2.0
// What our library signs and our command line has no flag for: the other scheme, chosen times, attributes.
import { readFileSync } from 'node:fs'
import {
  cose,
  createNotarySigner,
  jws,
  parseCertificatesPem,
  withCertificates,
} from '../../packages/core/dist/index.js'
import { openKeyFile } from '../../packages/provider-local/dist/index.js'
import { formats, mediaTypes } from '../context.mjs'
import { attachEnvelope } from '../layout.mjs'

const authority = 'notary.x509.signingAuthority'
const codecs = { jws, cose }
const accepted = { ok: true, failedChecks: [] }
const daysAgo = (days) => () => new Date(Date.now() - days * 86_400_000)

export default async function ({ check, chain, layout, trusting, configuration, agree }) {
  const material = await chain('p256', 3)
  const trustsCa = trusting(material)
  const trustsAuthority = configuration({ roots: { 'signingAuthority:interop': [material.rootPath] } })
  const signed = async (format, options, { keyPath, chainPath } = material) => {
    const { path, subject } = layout()
    const certificates = parseCertificatesPem(readFileSync(chainPath)).map(({ der }) => der)
    const key = withCertificates(await openKeyFile(keyPath), certificates)
    const signature = await createNotarySigner({ key, format: codecs[format], ...options }).sign(subject)
    attachEnvelope(path, { subject, mediaType: mediaTypes[format], envelope: signature.bytes })
    return path
  }

  for (const format of formats) {
    for (const length of [1, 2, 3]) {
      await check(`${format}: signing authority with a chain of ${length}`, async () => {
        const own = await chain('p384', length)
        const configDir = configuration({ roots: { 'signingAuthority:interop': [own.rootPath] } })
        await agree(await signed(format, { signingScheme: authority }, own), configDir, accepted)
      })
    }
    await check(`${format}: a signing authority is not trusted from a ca store, nor the reverse`, async () => {
      const untrusted = { ok: false, failedChecks: ['authenticity'] }
      await agree(await signed(format, { signingScheme: authority }), trustsCa, untrusted)
      await agree(await signed(format, {}), trustsAuthority, untrusted)
    })
    await check(`${format}: an expired certificate counts under a signing authority that signed before`, async () => {
      const expired = await chain('p256', 3, 'leaf-expired')
      const byAuthority = configuration({ roots: { 'signingAuthority:interop': [expired.rootPath] } })
      const before = { clock: daysAgo(2) }
      await agree(await signed(format, { ...before, signingScheme: authority }, expired), byAuthority, accepted)
      const timeless = { ok: false, failedChecks: ['authenticTimestamp'] }
      await agree(await signed(format, before, expired), trusting(expired), timeless)
    })
    await check(`${format}: expired yesterday`, async () => {
      const path = await signed(format, { clock: daysAgo(2), expirySeconds: 86_400 })
      await agree(path, trustsCa, { ok: false, failedChecks: ['expiry'] })
    })
    await check(`${format}: another signing agent, non-critical attributes`, async () => {
      const extendedAttributes = [{ key: 'org.example.note', value: 'hello', critical: false }]
      await agree(await signed(format, { signingAgent: 'interop/1.0', extendedAttributes }), trustsCa, accepted)
    })
    await check(`${format}: a verification plugin that nobody has`, async () => {
      const extendedAttributes = [{ key: 'io.cncf.notary.verificationPlugin', value: 'absent', critical: true }]
      await agree(await signed(format, { extendedAttributes }), trustsCa, { ok: false })
    })
  }
}
