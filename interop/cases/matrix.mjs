// SPDX-License-Identifier: Apache-2.0
// Six algorithms in two formats, between our command line and notation's.
import { algorithms, formats, requireSuccess, requireVerdict, scope } from '../context.mjs'
import { notation, writeSigningKeys } from '../notation.mjs'

export default async function ({ check, chain, layout, trusting, notationVerify, ours }) {
  for (const algorithm of algorithms) {
    const material = await chain(algorithm)
    const configDir = trusting(material)
    writeSigningKeys(configDir, [{ name: algorithm, keyPath: material.keyPath, certPath: material.chainPath }])
    for (const format of formats) {
      await check(`${algorithm} ${format}: ocisign signs, notation verifies`, async () => {
        const { path, reference } = layout()
        const options = { key: `file:${material.keyPath}`, chain: material.chainPath, format }
        requireSuccess('ocisign', await ours.sign(reference, options))
        requireSuccess('notation', await notationVerify(path, configDir))
      })
      await check(`${algorithm} ${format}: notation signs, ocisign verifies`, async () => {
        const { reference } = layout()
        requireSuccess('notation', await notationSign(configDir, algorithm, format, reference))
        requireVerdict('ocisign', await ours.verify(reference, { configDir, scope }), { ok: true, failedChecks: [] })
      })
    }
    await check(`${algorithm}: ocisign signs with a key of notation's signingkeys.json`, async () => {
      const { path, reference } = layout()
      const options = { key: algorithm, format: 'jws', parameters: ['--config-dir', configDir] }
      requireSuccess('ocisign', await ours.sign(reference, options))
      requireSuccess('notation', await notationVerify(path, configDir))
    })
  }
}

function notationSign(configDir, key, format, reference) {
  return notation(configDir, ['sign', '--oci-layout', '--key', key, '--signature-format', format, reference])
}
