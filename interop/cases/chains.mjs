// SPDX-License-Identifier: Apache-2.0
// Chains of one to three certificates; chains that break a rule, which neither side signs with.
import assert from 'node:assert/strict'
import { formats, requireSigned, requireSuccess } from '../context.mjs'

const oddities = [
  'leaf-expired',
  'leaf-not-yet-valid',
  'leaf-server-auth',
  'leaf-cannot-sign',
  'leaf-cert-sign',
  'leaf-is-ca',
  'root-first',
  'without-intermediate',
  'without-root',
]

export default async function ({ check, chain, layout, trusting, configuration, agree, ours, go }) {
  const signOurs = (reference, { keyPath, chainPath }, format) =>
    ours.sign(reference, { key: `file:${keyPath}`, chain: chainPath, format })
  const signTheirs = (path, { keyPath, chainPath }, format) =>
    go.ask({ op: 'sign', layout: path, reference: 'v1', format, keyPath, chainPath })

  for (const [length, odd] of [[1], [2], [3], [3, 'leaf-no-extended-key-usage']]) {
    const material = await chain('p256', length, odd)
    const configDir = trusting(material)
    for (const format of formats) {
      const what = `chain of ${length}${odd ? ` (${odd})` : ''} ${format}`
      await check(`${what}: ocisign signs`, async () => {
        const { path, reference } = layout()
        requireSuccess('ocisign', await signOurs(reference, material, format))
        await agree(path, configDir, { ok: true, failedChecks: [] })
      })
      await check(`${what}: notation-go signs`, async () => {
        const { path } = layout()
        requireSigned(await signTheirs(path, material, format))
        await agree(path, configDir, { ok: true, failedChecks: [] })
      })
    }
  }

  for (const odd of oddities) {
    const material = await chain('p256', 3, odd)
    await check(`${odd}: neither signs`, async () => {
      const { path, subject } = layout()
      const theirs = await signTheirs(path, material, 'jws')
      assert.equal(theirs.ok, false, 'the reference signs')
      const mine = await signOurs(`${path}@${subject.digest}`, material, 'jws')
      assert.ok(mine.status > 0 && mine.status < 5, `ocisign exits with ${mine.status}`)
      assert.equal(mine.stderr.trim().split('\n').length, 1, mine.stderr)
    })
  }

  const signer = await chain('p256', 3)
  const stranger = await chain('p256', 2)
  const trusts = {
    'the root': [signer.rootPath, true],
    'the signing certificate': [signer.leafPath, false],
    'another root': [stranger.rootPath, false],
  }
  for (const [what, [certificate, ok]] of Object.entries(trusts)) {
    await check(`a trust store with ${what}: the same answer`, async () => {
      const { path } = layout()
      requireSigned(await signTheirs(path, signer, 'jws'))
      const configDir = configuration({ roots: { 'ca:interop': [certificate] } })
      await agree(path, configDir, { ok, failedChecks: ok ? [] : ['authenticity'] })
    })
  }
}
