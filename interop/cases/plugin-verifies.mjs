// SPDX-License-Identifier: Apache-2.0
// Signatures that name a Notation plugin in Go are verified with it, by us and by notation.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { openPluginExtension } from '@ocisign/notation-plugin'
import {
  cose,
  createMemoryTrustStore,
  createNotaryVerifier,
  jws,
  parseTrustPolicy,
} from '../../packages/core/dist/index.js'
import { formats, mediaTypes, scope } from '../context.mjs'
import { codeOf, goOptions, installGo, verifies } from '../go-plugin.mjs'
import { readSignatures } from '../layout.mjs'
import { notation } from '../notation.mjs'

export default async function ({ check, chain, layout, trusting, go, agree }) {
  const material = await chain('p256', 3)
  const configDir = installGo(trusting(material))
  const policy = parseTrustPolicy(JSON.parse(readFileSync(`${configDir}/trustpolicy.json`, 'utf8')), 'oci')
  const trustStore = await createMemoryTrustStore({ ca: { interop: [readFileSync(material.rootPath)] } })
  const signed = async (verify, minimum, format) => {
    const { path, subject } = layout()
    const attributes = {
      'io.cncf.notary.verificationPlugin': verify,
      'io.cncf.notary.verificationPluginMinVersion': minimum,
      'com.example.job': 'job-1',
    }
    const { keyPath, chainPath } = material
    const extendedAttributes = Object.entries(attributes).map(([key, value]) => ({ key, value, critical: true }))
    const request = { op: 'sign', layout: path, reference: 'v1', format, keyPath, chainPath, extendedAttributes }
    assert.equal((await go.ask(request)).ok, true, 'the reference does not sign')
    const [{ envelope }] = readSignatures(path)
    return { path, subject, signature: { mediaType: mediaTypes[format], bytes: new Uint8Array(envelope) } }
  }
  const judge = async ({ subject, signature }, lies = '') => {
    const { directory, name, environment } = goOptions(configDir, verifies, material, lies)
    const extensions = [await openPluginExtension({ directory, name, environment })]
    const verifier = createNotaryVerifier({ policy, trustStore, formats: [jws, cose], extensions })
    return codeOf(verifier.verify(subject, signature, { scope }))
  }
  const reference = async ({ path }, lies = '') => {
    const parameters = ['verify', '--oci-layout', '--scope', scope, `${path}:v1`]
    return (await notation(configDir, parameters, { PLUGIN_LIES: lies })).status === 0
  }
  for (const format of formats) {
    for (const [lies, code] of [
      ['', 'accepted'],
      ['says-no', 'UNTRUSTED_SIGNATURE'],
      ['unprocessed', 'UNSUPPORTED_ATTRIBUTE'],
      ['one-result', 'UNAVAILABLE_PLUGIN'],
      ['garbage', 'UNAVAILABLE_PLUGIN'],
      ['fails', 'UNAVAILABLE_PLUGIN'],
    ]) {
      await check(`G4: ${format}: a plugin in Go verifies${lies && ` with ${lies}`}`, async () => {
        const made = await signed(verifies, '1.2.3', format)
        assert.equal(await judge(made, lies), code)
        assert.equal(await reference(made, lies), code === 'accepted')
      })
    }
    for (const [minimum, ok] of [
      ['1.2.3-rc.1', true],
      ['1.2.4', false],
      ['1.10.0', false],
    ]) {
      await check(`G5: ${format}: a signature asks for the plugin from ${minimum}`, async () => {
        const made = await signed(verifies, minimum, format)
        assert.equal(await judge(made), ok ? 'accepted' : 'UNSUPPORTED_ATTRIBUTE')
        assert.equal(await reference(made), ok)
      })
    }
  }
  await check('without the plugin, both refuse', async () => {
    await agree((await signed('com.example.absent', '1.0.0', 'jws')).path, configDir, { ok: false })
  })
}
