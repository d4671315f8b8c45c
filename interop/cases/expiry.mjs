// SPDX-License-Identifier: Apache-2.0
// Expiry: not yet, and over, under levels that enforce and that only log it.
import { formats, requireSigned, requireSuccess } from '../context.mjs'

const yesterday = () => new Date(Date.now() - 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z')

export default async function ({ check, chain, layout, trusting, agree, ours, go }) {
  const material = await chain()
  const { keyPath, chainPath } = material
  const strict = trusting(material)
  const permissive = trusting(material, { statements: [{ level: 'permissive' }] })
  for (const format of formats) {
    await check(`${format}: ocisign signs for an hour`, async () => {
      const { path, reference } = layout()
      const options = { key: `file:${keyPath}`, chain: chainPath, format, parameters: ['--expiry', '1h'] }
      requireSuccess('ocisign', await ours.sign(reference, options))
      await agree(path, strict, { ok: true, failedChecks: [] })
    })
    const signed = async (more) => {
      const { path } = layout()
      requireSigned(await go.ask({ op: 'sign', layout: path, reference: 'v1', format, keyPath, chainPath, ...more }))
      return path
    }
    await check(`${format}: notation-go signs for an hour`, async () => {
      await agree(await signed({ expirySeconds: 3600 }), strict, { ok: true, failedChecks: [] })
    })
    await check(`${format}: expired yesterday`, async () => {
      const path = await signed({ expirySeconds: 60, signingTime: yesterday() })
      await agree(path, strict, { ok: false, failedChecks: ['expiry'] })
      await agree(path, permissive, { ok: true, failedChecks: ['expiry'] })
    })
  }
}
