// SPDX-License-Identifier: Apache-2.0
// A plugin made of one of our providers is run by notation, and by the plugin manager of notation-go inside it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import { writePluginProject } from '@ocisign/notation-plugin'
import { build } from 'esbuild'
import { createFakeAuthority } from '../../packages/conformance/dist/fake/index.js'
import { cose, encodePem, jws } from '../../packages/core/dist/index.js'
import { algorithms, formats, requireSuccess } from '../context.mjs'
import { readSignatures } from '../layout.mjs'
import { notation } from '../notation.mjs'

const codecs = { jws, cose }
const accepted = { ok: true, failedChecks: [] }
const packages = fileURLToPath(new URL('../../packages/', import.meta.url))

export default async function ({ check, chain, folder, layout, trusting, agree, ours }) {
  const name = 'com.example.files'
  const make = async (material) => {
    const configDir = trusting(material)
    const project = await writePluginProject({
      directory: `${configDir}/plugins`,
      name,
      provider: { package: '@ocisign/provider-local', version: '0.1.0' },
      hostVersion: '0.1.0',
    })
    // As `npm install` would.
    mkdirSync(`${project.folder}/node_modules/@ocisign`, { recursive: true })
    for (const each of ['notation-plugin', 'provider-local'])
      symlinkSync(`${packages}${each}`, `${project.folder}/node_modules/@ocisign/${each}`)
    return configDir
  }
  for (const algorithm of algorithms) {
    for (const format of formats) {
      await check(`${format}: notation signs with a plugin of our making, ${algorithm}`, async () => {
        const material = await chain(algorithm, 3)
        const configDir = await make(material)
        const { path } = layout()
        const key = ['--plugin', name, '--id', `file:${material.keyPath}`]
        const settings = ['--plugin-config', `certificate-chain=${material.chainPath}`, '--signature-format', format]
        requireSuccess(
          'notation',
          await notation(configDir, ['sign', '--oci-layout', ...key, ...settings, `${path}:v1`]),
        )
        assert.match(signingAgentOf(path, format), new RegExp(`${name}/1\\.0\\.0`))
        await agree(path, configDir, accepted)
      })
    }
  }
  await check('notation lists it, adds a key of it, and signs with that', async () => {
    const material = await chain('p256', 3)
    const configDir = await make(material)
    const { stdout } = await notation(configDir, ['plugin', 'list'])
    assert.match(stdout, /com\.example\.files\s+Keys of @ocisign\/prov/)
    const key = ['key', 'add', 'release', '--plugin', name, '--id', `file:${material.keyPath}`]
    const settings = ['--plugin-config', `certificate-chain=${material.chainPath}`]
    requireSuccess('notation', await notation(configDir, [...key, ...settings]))
    const { path } = layout()
    requireSuccess('notation', await notation(configDir, ['sign', '--oci-layout', '--key', 'release', `${path}:v1`]))
    await agree(path, configDir, accepted)
  })
  await check('bundled and packed, it is installed by notation and by us, from a file and from a URL', async () => {
    const material = await chain('p384', 2)
    const project = `${await make(material)}/plugins/${name}`
    const archive = `${folder('download')}/plugin.tar.gz`
    const banner = { js: '#!/usr/bin/env node' }
    const [entry, outfile] = ['plugin.mjs', `notation-${name}`].map((file) => `${project}/${file}`)
    const common = { bundle: true, platform: 'node', format: 'cjs', allowOverwrite: true, logLevel: 'error' }
    await build({ entryPoints: [entry], outfile, banner, ...common })
    execFileSync('tar', ['czf', archive, 'package.json', `notation-${name}`], { cwd: project })
    const sum = ['--sha256sum', createHash('sha256').update(readFileSync(archive)).digest('hex')]
    const { url, authority, close } = await serve(archive, folder('authority'))
    const installations = [
      (configDir) => notation(configDir, ['plugin', 'install', '--file', archive]),
      (configDir) => ours.run(['plugin', 'install', '--config-dir', configDir, '--file', archive]),
      (configDir) => notation(configDir, ['plugin', 'install', '--url', url, ...sum], { SSL_CERT_FILE: authority }),
      (configDir) =>
        ours.run(['plugin', 'install', '--config-dir', configDir, '--ca-file', authority, '--url', url, ...sum]),
    ]
    try {
      for (const install of installations) {
        const configDir = trusting(material)
        requireSuccess('installing', await install(configDir))
        const { path } = layout()
        const key = ['--plugin', name, '--id', `file:${material.keyPath}`]
        const settings = ['--plugin-config', `certificate-chain=${material.chainPath}`]
        requireSuccess(
          'notation',
          await notation(configDir, ['sign', '--oci-layout', ...key, ...settings, `${path}:v1`]),
        )
        await agree(path, configDir, accepted)
      }
    } finally {
      await close()
    }
  })
  await check('notation shows what it says is wrong', async () => {
    const material = await chain('p256', 3)
    const configDir = await make(material)
    const { path } = layout()
    const sign = (id) => notation(configDir, ['sign', '--oci-layout', '--plugin', name, '--id', id, `${path}:v1`])
    const missing = await sign('file:/nowhere/to/be/found.pem')
    assert.notEqual(missing.status, 0)
    assert.match(missing.stderr, /UNAVAILABLE_FILE|UNAVAILABLE_KEY|there is no/)
    const bare = await sign(`file:${material.keyPath}`)
    assert.notEqual(bare.status, 0)
    assert.match(bare.stderr, /certificate-chain/)
  })
}

function signingAgentOf(path, format) {
  const [{ envelope }] = readSignatures(path)
  return codecs[format].parse(new Uint8Array(envelope)).unsigned.signingAgent
}

/** Offers a file by https, on this machine. */
async function serve(path, folder) {
  const authority = await createFakeAuthority()
  const { chain, keyPem } = await authority.issue({
    subject: 'C=US,ST=WA,O=Acme,CN=downloads',
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
    // 127.0.0.1
    extensions: [{ oid: '2.5.29.17', critical: false, value: Uint8Array.of(0x30, 6, 0x87, 4, 127, 0, 0, 1) }],
  })
  const cert = chain.map((der) => encodePem('CERTIFICATE', der)).join('')
  const server = createServer({ key: keyPem, cert }, (_, response) => response.end(readFileSync(path)))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const file = `${folder}/authority.pem`
  writeFileSync(file, encodePem('CERTIFICATE', authority.certificate))
  return {
    url: `https://127.0.0.1:${server.address().port}/plugin.tar.gz`,
    authority: file,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
