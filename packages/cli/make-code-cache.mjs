// SPDX-License-Identifier: Apache-2.0
// The last step of the build: keeps what V8 compiles while `verify` runs once, see src/code-cache.ts. `verify` only,
// which is what others wait for. The cache is not published: it would fit one version of Node and nobody could read it.
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  cose,
  createNotarySigner,
  digestBytes,
  encodePem,
  jws,
  mediaTypes,
  signArtifact,
  withCertificates,
} from '@ocisign/core'
import { openLayout } from '@ocisign/layout'
import { createTestChain } from '@ocisign/provider-local'
import { buildSync } from 'esbuild'

const bundle = fileURLToPath(new URL('dist/commands/verify.js', import.meta.url))

/** A layout with a signature that is refused and one that is accepted, and a configuration. */
async function prepare(folder) {
  const layout = await openLayout(join(folder, 'layout'), { create: true })
  const bytes = new TextEncoder().encode('{"schemaVersion":2,"layers":[]}')
  const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
  await layout.push(image, bytes)
  await layout.tag(image, 'v1')
  const store = join(folder, 'truststore/x509/ca/acme')
  await mkdir(store, { recursive: true })
  for (const format of [cose, jws]) {
    const { key, chain } = await createTestChain({ length: 3 })
    const signer = createNotarySigner({ key: withCertificates(key, chain), format })
    await signArtifact(layout, 'v1', signer, { userMetadata: { build: '1' } })
    await writeFile(join(store, 'root.pem'), encodePem('CERTIFICATE', chain.at(-1)))
  }
  const policy = {
    name: 'ours',
    registryScopes: ['local/app'],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities: ['x509.subject: C=US, ST=WA, O=ocisign test'],
  }
  await writeFile(join(folder, 'trustpolicy.json'), JSON.stringify({ version: '1.0', trustPolicies: [policy] }))
  return [
    '--oci-layout',
    '--config-dir',
    folder,
    '--scope',
    'local/app',
    '-m',
    'build=1',
    `${join(folder, 'layout')}:v1`,
  ]
}

/** Runs the command in a process of its own, which writes down what was compiled when it ends. */
function record(args) {
  const source = fileURLToPath(new URL('src/code-cache.ts', import.meta.url))
  const { outputFiles } = buildSync({
    entryPoints: [source],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  })
  const script = `${outputFiles[0].text}
    const fs = require('node:fs')
    const path = ${JSON.stringify(bundle)}
    const source = fs.readFileSync(path, 'utf8')
    const script = compile(path, source)
    const { command, start } = evaluate(script, require)
    process.on('exit', () => {
      const code = script.createCachedData()
      fs.writeFileSync(path + '.cache', Buffer.concat([fingerprintOf(source, code), code]))
    })
    start('verify', command, ${JSON.stringify(args)})`
  return spawnSync(process.execPath, ['--input-type=commonjs', '--eval', script], { encoding: 'utf8' })
}

const folder = await mkdtemp(join(tmpdir(), 'ocisign-build-'))
try {
  const { status, stdout, stderr } = record(await prepare(folder))
  if (status !== 0) throw new Error(`verify ended with ${status}: ${stderr || stdout}`)
} finally {
  await rm(folder, { recursive: true })
}
