// SPDX-License-Identifier: Apache-2.0
// Both signing schemes, signing times and extended attributes, as notation-core-go writes them.
import { formats, requireSigned } from '../context.mjs'

const authority = 'notary.x509.signingAuthority'
const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z')

export default async function ({ check, chain, layout, trusting, configuration, agree, go }) {
  const material = await chain('p256', 3)
  const { keyPath, chainPath, rootPath } = material
  const trustsCa = trusting(material)
  const trustsAuthority = configuration({ roots: { 'signingAuthority:interop': [rootPath] } })
  const signed = async (format, more) => {
    const { path } = layout()
    requireSigned(await go.ask({ op: 'sign', layout: path, reference: 'v1', format, keyPath, chainPath, ...more }))
    return path
  }

  for (const format of formats) {
    for (const length of [1, 2, 3]) {
      await check(`${format}: signing authority with a chain of ${length}`, async () => {
        const own = await chain('p384', length)
        const path = await signed(format, { keyPath: own.keyPath, chainPath: own.chainPath, scheme: authority })
        const configDir = configuration({ roots: { 'signingAuthority:interop': [own.rootPath] } })
        await agree(path, configDir, { ok: true, failedChecks: [] })
      })
    }
    await check(`${format}: a signing authority is not trusted from a ca store, nor the reverse`, async () => {
      const untrusted = { ok: false, failedChecks: ['authenticity'] }
      await agree(await signed(format, { scheme: authority }), trustsCa, untrusted)
      await agree(await signed(format, {}), trustsAuthority, untrusted)
    })
    await check(`${format}: an expired certificate counts under a signing authority that signed before`, async () => {
      const expired = await chain('p256', 3, 'leaf-expired')
      const own = { keyPath: expired.keyPath, chainPath: expired.chainPath, signingTime: daysAgo(2) }
      const byAuthority = configuration({ roots: { 'signingAuthority:interop': [expired.rootPath] } })
      await agree(await signed(format, { ...own, scheme: authority }), byAuthority, { ok: true, failedChecks: [] })
      const timeless = { ok: false, failedChecks: ['authenticTimestamp'] }
      await agree(await signed(format, own), trusting(expired), timeless)
    })
    await check(`${format}: another signing agent, non-critical attributes`, async () => {
      const extendedAttributes = [{ key: 'org.example.note', value: 'hello', critical: false }]
      const path = await signed(format, { signingAgent: 'interop/1.0', extendedAttributes })
      await agree(path, trustsCa, { ok: true, failedChecks: [] })
    })
    await check(`${format}: a verification plugin that nobody has`, async () => {
      const extendedAttributes = [{ key: 'io.cncf.notary.verificationPlugin', value: 'absent', critical: true }]
      await agree(await signed(format, { extendedAttributes }), trustsCa, { ok: false })
    })
  }
}
