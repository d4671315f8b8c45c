// SPDX-License-Identifier: Apache-2.0
// Signing, listing, inspecting and verifying artifacts in a layout.
import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseLayoutReference } from '../src/layout-reference.js'
import { codeOf, linesOf, run } from './support/program.js'
import { createArtifact, createScene, passphrase, type Scene } from './support/scene.js'

let scene: Scene
let digest = ''
beforeAll(async () => {
  scene = await createScene()
  digest = (await createArtifact(scene.path('layout'), 'v1', 'hello')).digest
})
afterAll(() => scene.dispose())

const v1 = () => scene.path('layout:v1')

test('signs as JWS and COSE; list, inspect and verify show both', async () => {
  const { signingWith, verifying } = scene
  for (const format of ['jws', 'cose']) {
    const options = ['--signature-format', format, '--expiry', '1h30m', '-m', 'build=1']
    const signed = await run(['sign', '--oci-layout', ...signingWith('good'), ...options, v1()])
    expect(signed).toMatchObject({ status: 0 })
    expect(signed.stdout).toContain(digest)
    expect(linesOf(signed.stderr)).toEqual([expect.stringContaining('is a tag')])
  }
  const listed = await run(['list', '--oci-layout', v1()])
  expect(listed).toMatchObject({ status: 0, stderr: '' })
  expect(linesOf(listed.stdout)).toEqual([
    v1(),
    digest,
    expect.stringMatching(/^├── sha256:[0-9a-f]{64} \(application\/(?:jose\+json|cose)\)$/),
    expect.stringMatching(/^└── sha256:[0-9a-f]{64} \(application\/(?:jose\+json|cose)\)$/),
  ])
  const inspected = await run(['inspect', '--oci-layout', v1()])
  expect(inspected).toMatchObject({ status: 0, stderr: '' })
  expect(inspected.stdout).toContain('nothing of it is verified')
  expect(inspected.stdout.match(/signingScheme: notary\.x509/g)).toHaveLength(2)
  const verified = await run(['verify', ...verifying, '--max-signatures', '2', '-m', 'build=1', v1()])
  expect(verified).toMatchObject({ status: 0, stderr: '' })
  expect(verified.stdout).toContain(`✓ ${v1()}: verified`)
  expect(verified.stdout).toContain('integrity passed, authenticity passed')
})

test('list and inspect as JSON, a signature that is junk included', async () => {
  const path = scene.path('junk')
  await createArtifact(path, 'v1', 'junk')
  const { signingWith } = scene
  const { stdout } = await run(['sign', '--oci-layout', ...signingWith('good'), '--output', 'json', `${path}:v1`])
  const signed = JSON.parse(stdout)
  const members = ['schemaVersion', 'reference', 'subject', 'manifest', 'signature', 'key', 'validUntil']
  expect(Object.keys(signed)).toEqual(members)
  await writeFile(scene.path('junk/blobs', signed.signature.digest.replace(':', '/')), 'junk')
  const listed = JSON.parse((await run(['list', '--oci-layout', '-o', 'json', `${path}:v1`])).stdout)
  expect(listed).toMatchObject({ schemaVersion: 1, reference: `${path}:v1`, subject: signed.subject })
  expect(listed.signatures).toEqual([{ manifest: signed.manifest, signature: signed.signature }])
  const inspected = JSON.parse((await run(['inspect', '--oci-layout', '-o', 'json', `${path}:v1`])).stdout)
  expect(inspected).toMatchObject({ schemaVersion: 1, verified: false })
  expect(inspected.signatures).toEqual([
    {
      manifest: signed.manifest.digest,
      digest: signed.signature.digest,
      error: expect.objectContaining({ code: 'INVALID_CONTENT' }),
    },
  ])
  await writeFile(scene.path('junk/blobs', signed.manifest.digest.replace(':', '/')), '{}')
  const unreadable = await run(['list', '--oci-layout', `${path}:v1`])
  expect(unreadable.status === 0 ? unreadable.stdout : codeOf(unreadable.stderr)).toMatch(/unreadable|UNAVAILABLE_/)
})

test('signs with a passphrase from the environment', async () => {
  const parameters = [
    '--key',
    `file:${scene.path('good.encrypted.key')}`,
    '--certificate-chain',
    scene.path('good.chain'),
  ]
  const env = { OCISIGN_KEY_PASSPHRASE: passphrase }
  expect(await run(['sign', '--oci-layout', ...parameters, v1()], { env })).toMatchObject({ status: 0 })
})

test('writes either form of the manifest', async () => {
  for (const [form, artifactType] of [
    ['config', undefined],
    ['artifact', 'application/vnd.cncf.notary.signature'],
  ] as const) {
    const path = scene.path(`form-${form}`)
    await createArtifact(path, 'v1', form)
    const options = ['--signature-manifest', form, '--output', 'json']
    const { stdout } = await run(['sign', '--oci-layout', ...scene.signingWith('good'), ...options, `${path}:v1`])
    const { manifest } = JSON.parse(stdout)
    const document = JSON.parse(
      await readFile(scene.path(`form-${form}`, 'blobs', manifest.digest.replace(':', '/')), 'utf8'),
    )
    expect(document.artifactType).toBe(artifactType)
  }
})

test('signs several artifacts', async () => {
  const references = ['a', 'b'].map((tag) => scene.path(`several:${tag}`))
  for (const tag of ['a', 'b']) await createArtifact(scene.path('several'), tag, tag)
  const signed = await run(['sign', '--oci-layout', ...scene.signingWith('good'), '-o', 'json', ...references])
  expect(linesOf(signed.stdout).map((line) => JSON.parse(line).reference)).toEqual(references)
  expect(await run(['verify', ...scene.verifying, ...references])).toMatchObject({ status: 0, stderr: '' })
})

describe('references', () => {
  test.each([
    ['layout:v1', 'layout', 'v1'],
    ['./a/layout:v1', './a/layout', 'v1'],
    ['/a@b/c:d/layout:v1', '/a@b/c:d/layout', 'v1'],
    [`layout@sha256:${'0'.repeat(64)}`, 'layout', `sha256:${'0'.repeat(64)}`],
    ['C:\\layout:v1', 'C:\\layout', 'v1'],
    ['lay@out:v1x', undefined, undefined],
    ['layout', undefined, undefined],
    [':v1', undefined, undefined],
    ['C:\\layout', undefined, undefined],
    ['a:b/layout', undefined, undefined],
    ['layout@sha256:../../x', undefined, undefined],
    ['layout:', undefined, undefined],
  ])('%s', (text, directory, reference) => {
    if (directory === undefined) expect(() => parseLayoutReference(text)).toThrow(/./)
    else expect(parseLayoutReference(text)).toEqual({ path: directory, reference })
  })
})
