// SPDX-License-Identifier: Apache-2.0
// Both forms of signature manifests: who writes them, who finds them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { formats, mediaTypes, requireSigned, requireSuccess } from '../context.mjs'
import { attachEnvelope, readSignatures } from '../layout.mjs'

const oras = fileURLToPath(new URL('../bin/oras', import.meta.url))
const signatureType = 'application/vnd.cncf.notary.signature'
const accepted = { ok: true, failedChecks: [] }

export default async function ({ check, chain, layout, trusting, agree, notationVerify, ours, go }) {
  const material = await chain()
  const { keyPath, chainPath } = material
  const configDir = trusting(material)
  const key = `file:${keyPath}`

  for (const format of formats) {
    await check(`${format}: ocisign writes the form notation finds, and oras lists it`, async () => {
      const { path, reference } = layout()
      requireSuccess('ocisign', await ours.sign(reference, { key, chain: chainPath, format }))
      requireSuccess('notation', await notationVerify(path, configDir))
      assert.deepEqual(await discover(reference), [signatureType])
    })
    await check(`${format}: ocisign writes the artifactType form when asked`, async () => {
      const { path, reference } = layout()
      const parameters = ['--signature-manifest', 'artifact']
      requireSuccess('ocisign', await ours.sign(reference, { key, chain: chainPath, format, parameters }))
      const [{ manifest }] = readSignatures(path)
      assert.equal(manifest.artifactType, signatureType)
      assert.deepEqual(await discover(reference), [signatureType])
      await agree(path, configDir, accepted)
    })
    for (const form of ['config', 'artifactType']) {
      await check(`${format}: notation-go's signature in the ${form} form`, async () => {
        const { path } = layout()
        const request = { op: 'sign', layout: path, reference: 'v1', format, keyPath, chainPath, manifest: form }
        requireSigned(await go.ask(request))
        await agree(path, configDir, accepted)
      })
    }
    await check(`${format}: one signature of each side, either order`, async () => {
      for (const oursFirst of [true, false]) {
        const { path, reference } = layout()
        const steps = [
          async () => requireSuccess('ocisign', await ours.sign(reference, { key, chain: chainPath, format })),
          async () =>
            requireSigned(await go.ask({ op: 'sign', layout: path, reference: 'v1', format, keyPath, chainPath })),
        ]
        for (const step of oursFirst ? steps : steps.reverse()) await step()
        assert.equal(readSignatures(path).length, 2)
        await agree(path, configDir, accepted)
        requireSuccess('notation', await notationVerify(path, configDir))
      }
    })
    await check(`${format}: junk beside a good signature does not stop either`, async () => {
      const { path, reference, subject } = layout()
      attachEnvelope(path, { subject, mediaType: mediaTypes[format], envelope: Buffer.from('junk') })
      requireSuccess('ocisign', await ours.sign(reference, { key, chain: chainPath, format }))
      await agree(path, configDir, accepted)
    })
  }
  await check('an artifact without signatures is refused by both', async () => {
    const { path } = layout()
    await agree(path, configDir, { ok: false, failedChecks: [] })
  })
}

/** The artifact types of the referrers that oras finds. */
async function discover(reference) {
  const { stdout } = await promisify(execFile)(oras, ['discover', '--oci-layout', '--format', 'json', reference])
  return JSON.parse(stdout).referrers.map(({ artifactType }) => artifactType)
}
