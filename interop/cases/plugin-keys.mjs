// SPDX-License-Identifier: Apache-2.0
// A Notation plugin in Go is our key, or makes envelopes for us.
import assert from 'node:assert/strict'
import { openPluginKey, openPluginSigner } from '@ocisign/notation-plugin'
import { cose, createNotarySigner, jws } from '../../packages/core/dist/index.js'
import { algorithms, formats, mediaTypes } from '../context.mjs'
import { envelopes, goOptions, installGo, raw } from '../go-plugin.mjs'
import { attachEnvelope } from '../layout.mjs'

const codecs = { jws, cose }
const accepted = { ok: true, failedChecks: [] }

export default async function ({ check, chain, layout, trusting, agree }) {
  const attach = ({ path, subject }, format, { bytes: envelope }) =>
    attachEnvelope(path, { subject, mediaType: mediaTypes[format], envelope })
  for (const format of formats) {
    for (const algorithm of algorithms) {
      await check(`${format}: a plugin in Go signs for us, ${algorithm}`, async () => {
        const material = await chain(algorithm, 3)
        const configDir = installGo(trusting(material))
        const target = layout()
        const key = await openPluginKey(goOptions(configDir, raw, material))
        attach(target, format, await createNotarySigner({ key, format: codecs[format] }).sign(target.subject))
        await agree(target.path, configDir, accepted)
      })
    }
    await check(`${format}: a plugin in Go makes an envelope for us`, async () => {
      const material = await chain('p256', 3)
      const configDir = installGo(trusting(material))
      const target = layout()
      const options = { ...goOptions(configDir, envelopes, material), format: codecs[format], expirySeconds: 600 }
      const signature = await (await openPluginSigner(options)).sign(target.subject)
      assert.equal(signature.annotations['com.example.signed-by'], envelopes)
      attach(target, format, signature)
      await agree(target.path, configDir, accepted)
    })
  }
}
