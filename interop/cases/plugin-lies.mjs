// SPDX-License-Identifier: Apache-2.0
// A Notation plugin in Go that lies: what the reference refuses, we refuse.
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { installPlugin, listPlugins, openPluginKey, openPluginSigner } from '@ocisign/notation-plugin'
import { createNotarySigner, jws } from '../../packages/core/dist/index.js'
import { codeOf, envelopes, goOptions, goPlugin, installGo, raw } from '../go-plugin.mjs'
import { notation } from '../notation.mjs'

export default async function ({ check, chain, layout, trusting, folder }) {
  const material = await chain('p256', 3)
  const other = await chain('p256', 2)
  const config = { 'other-chain': other.chainPath, 'other-key': other.keyPath }
  const configDir = installGo(trusting(material))
  const theirs = async (name, lies, parameters = [], { keyPath, chainPath } = material) => {
    const { path } = layout()
    const settings = Object.entries({ chain: chainPath, ...config }).flatMap((pair) => [
      '--plugin-config',
      pair.join('='),
    ])
    const named = ['--plugin', name, '--id', keyPath, ...settings, ...parameters]
    const { status } = await notation(configDir, ['sign', '--oci-layout', ...named, `${path}:v1`], {
      PLUGIN_LIES: lies,
    })
    return status === 0
  }
  const subjectOf = () => ({ ...layout().subject, annotations: { build: '1' } })
  const asKey = async (lies, own = material) => {
    const key = await openPluginKey(goOptions(configDir, raw, own, lies, config))
    return createNotarySigner({ key, format: jws }).sign(subjectOf())
  }
  const asSigner = async (lies, more = {}) => {
    const options = goOptions(configDir, envelopes, material, lies, config)
    return (await openPluginSigner({ ...options, format: jws, ...more })).sign(subjectOf())
  }
  const expect = async (lies, name, sign, code, parameters) => {
    await check(`G2, G3: ${name} with ${lies}: neither signs`, async () => {
      assert.equal(await codeOf(sign()), code)
      assert.equal(await theirs(name, lies, parameters), false, 'notation signs')
    })
  }
  await check('honest plugins sign for both', async () => {
    assert.equal(await codeOf(asKey('')), 'accepted')
    assert.equal(await codeOf(asSigner('')), 'accepted')
    assert.equal(await theirs(raw, ''), true)
    assert.equal(await theirs(envelopes, ''), true)
  })
  await expect('describes-other-key', raw, () => asKey('describes-other-key'), 'UNAVAILABLE_KEY')
  await expect('other-key', raw, () => asKey('other-key'), 'UNAVAILABLE_KEY')
  await expect('der', raw, () => asKey('der'), 'UNAVAILABLE_KEY')
  await expect('bad-signature', raw, () => asKey('bad-signature'), 'UNTRUSTED_INTEGRITY')
  await expect('other-chain', raw, () => asKey('other-chain'), 'UNTRUSTED_INTEGRITY')
  for (const lie of ['garbage', 'fails']) await expect(lie, raw, () => asKey(lie), 'UNAVAILABLE_KEY')
  await expect('other-size', envelopes, () => asSigner('other-size'), 'UNTRUSTED_TARGET')
  await expect('other-media-type', envelopes, () => asSigner('other-media-type'), 'UNTRUSTED_TARGET')
  await expect('unknown-members', envelopes, () => asSigner('unknown-members'), 'UNTRUSTED_PLUGIN')
  const metadata = ['--user-metadata', 'build=1']
  await expect('no-annotations', envelopes, () => asSigner('no-annotations'), 'UNTRUSTED_METADATA', metadata)
  for (const lie of ['garbage', 'fails']) await expect(lie, envelopes, () => asSigner(lie), 'UNAVAILABLE_PLUGIN')

  await check('RSA with a longer salt: we refuse before it is stored', async () => {
    const rsa = await chain('rsa2048', 2)
    assert.equal(await codeOf(asKey('long-salt', rsa)), 'UNTRUSTED_INTEGRITY')
  })
  await check('annotations may be added, other members may not', async () => {
    assert.equal(await codeOf(asSigner('more-annotations')), 'accepted')
    assert.equal(await codeOf(asSigner('more-members')), 'UNTRUSTED_PLUGIN')
  })
  await check('G3: a critical attribute that nobody understands, an expiry that is left out: we refuse', async () => {
    assert.equal(await codeOf(asSigner('critical')), 'UNSUPPORTED_ATTRIBUTE')
    assert.equal(await codeOf(asSigner('no-expiry', { expirySeconds: 600 })), 'UNTRUSTED_PLUGIN')
  })
  await check('G1: endless output and a plugin that hangs end', async () => {
    const start = goOptions(configDir, raw, material, 'hangs', config)
    assert.equal(await codeOf(openPluginKey({ ...start, timeoutMilliseconds: 2000 })), 'UNAVAILABLE_KEY')
    assert.equal(await codeOf(asKey('endless')), 'UNAVAILABLE_KEY')
  })
  await check('a plugin in Go is installed by us, and listed by both', async () => {
    const own = `${folder('notation')}`
    const source = `${folder('download')}/notation-${raw}`
    copyFileSync(goPlugin, source)
    const { installed } = await installPlugin({ directory: `${own}/plugins`, source })
    assert.equal(installed.version, '1.2.3')
    assert.deepEqual(
      (await listPlugins(`${own}/plugins`)).map(({ name, error }) => [name, error]),
      [[raw, undefined]],
    )
    const { stdout } = await notation(own, ['plugin', 'list'])
    assert.match(stdout, /com\.example\.raw\s+Keys in files, in Go\s+1\.2\.3/)
  })
}
