// SPDX-License-Identifier: Apache-2.0
// User metadata: signed by either side, demanded by either side.
import assert from 'node:assert/strict'
import { formats, requireSigned, requireSuccess } from '../context.mjs'

const metadata = { 'org.example.build': '1234', 'org.example.text': 'grüße = "x" <y> & \u2028' }

export default async function ({ check, chain, layout, trusting, agree, ours, go }) {
  const { keyPath, chainPath, ...rest } = await chain()
  const configDir = trusting(rest)
  const signers = {
    ocisign: async ({ reference }, format, pairs) =>
      requireSuccess(
        'ocisign',
        await ours.sign(reference, { key: `file:${keyPath}`, chain: chainPath, format, metadata: pairs }),
      ),
    'notation-go': async ({ path }, format, pairs) =>
      requireSigned(
        await go.ask({ op: 'sign', layout: path, reference: 'v1', format, keyPath, chainPath, userMetadata: pairs }),
      ),
  }
  for (const [signer, sign] of Object.entries(signers)) {
    for (const format of formats) {
      await check(`${format}: ${signer} signs pairs, both find them`, async () => {
        const made = layout()
        await sign(made, format, metadata)
        const { theirs } = await agree(made.path, configDir, { ok: true, failedChecks: [] }, { metadata })
        // Of an artifact resolved by its tag, notation-go also signs the index entry's own annotations.
        for (const [name, value] of Object.entries(metadata)) assert.equal(theirs.annotations[name], value)
      })
      await check(`${format}: ${signer} signs pairs, both miss another value`, async () => {
        const made = layout()
        await sign(made, format, metadata)
        await agree(made.path, configDir, { ok: false }, { metadata: { 'org.example.build': '1235' } })
      })
      await check(`${format}: ${signer} signs none, both miss a pair`, async () => {
        const made = layout()
        await sign(made, format, {})
        await agree(made.path, configDir, { ok: false }, { metadata: { 'org.example.build': '1234' } })
      })
    }
  }
  await check('neither signs a pair under the reserved prefix', async () => {
    const { path, reference } = layout()
    const reserved = { 'io.cncf.notary.build': '1' }
    const theirs = await go.ask({
      op: 'sign',
      layout: path,
      reference: 'v1',
      format: 'jws',
      keyPath,
      chainPath,
      userMetadata: reserved,
    })
    assert.equal(theirs.ok, false)
    const mine = await ours.sign(reference, {
      key: `file:${keyPath}`,
      chain: chainPath,
      format: 'jws',
      metadata: reserved,
    })
    assert.equal(mine.status, 2, mine.stderr)
  })
}
