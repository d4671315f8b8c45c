// SPDX-License-Identifier: Apache-2.0
// What is attached to artifacts, and shown.
import { writeFile } from 'node:fs/promises'
import { readAll } from '@ocisign/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, linesOf, run } from './support/program.js'
import { createRegistryScene, type RegistryScene } from './support/registry.js'

const spdx = 'application/spdx+json'
let scene: RegistryScene
let sbom = ''
let scan = ''

beforeAll(async () => {
  scene = await createRegistryScene()
  sbom = scene.path('sbom.spdx.json')
  scan = scene.path('scan.txt')
  await writeFile(sbom, '{ "spdxVersion": "SPDX-2.3" }')
  await writeFile(scan, 'all is well\n')
})
afterAll(() => scene.dispose())

const attach = (...args: readonly string[]) => run(['attach', ...args])

test('a file is attached, discovered, signed like an image, and verified', async () => {
  const attached = await attach('--output', 'json', '-a', 'made-by=us', '--artifact-type', spdx, scene.app('v1'), sbom)
  expect(attached).toMatchObject({ status: 0, stderr: '' })
  const { subject, manifest, listing } = JSON.parse(attached.stdout)
  expect([manifest.artifactType, listing]).toEqual([spdx, 'listed'])
  const store = scene.registry.repository('org/app')
  const document = JSON.parse(new TextDecoder().decode(await readAll(store, manifest)))
  expect(document).toMatchObject({ artifactType: spdx, subject, annotations: { 'made-by': 'us' } })
  expect(document.layers).toEqual([
    expect.objectContaining({ mediaType: spdx, annotations: { 'org.opencontainers.image.title': 'sbom.spdx.json' } }),
  ])
  const reference = scene.app(`@${manifest.digest}`)
  expect(await run(['sign', ...scene.signingWith('good'), reference])).toMatchObject({ status: 0 })
  expect(await run(['verify', ...scene.policy, reference])).toMatchObject({ status: 0, stderr: '' })
  const discovered = await run(['discover', scene.app('v1')])
  expect(linesOf(discovered.stdout)).toEqual([
    scene.app('v1'),
    subject.digest,
    `└── ${spdx} ${manifest.digest}`,
    expect.stringMatching(/^ {4}└── application\/vnd\.cncf\.notary\.signature sha256:/),
  ])
})

test('several files, each of its type; only one type is asked for', async () => {
  scene.registry.seedImage('org/app', 'several', 'several')
  const files = [`${scan}:text/plain`, sbom]
  const attached = await attach(
    '-o',
    'json',
    '--artifact-type',
    'application/vnd.example.scan',
    scene.app('several'),
    ...files,
  )
  const { manifest } = JSON.parse(attached.stdout)
  const document = JSON.parse(new TextDecoder().decode(await readAll(scene.registry.repository('org/app'), manifest)))
  expect(document.layers.map(({ mediaType }: { readonly mediaType: string }) => mediaType)).toEqual([
    'text/plain',
    'application/octet-stream',
  ])
  const discover = async (type: string) =>
    JSON.parse((await run(['discover', '-o', 'json', '--artifact-type', type, scene.app('several')])).stdout).referrers
  expect(await discover('application/vnd.example.scan')).toHaveLength(1)
  expect(await discover(spdx)).toEqual([])
})

test('in a layout, and where there is no Referrers API', async () => {
  const layout = scene.path('layout:v1')
  expect(await attach('--oci-layout', '--artifact-type', spdx, layout, sbom)).toMatchObject({ status: 0, stderr: '' })
  expect((await run(['discover', '--oci-layout', layout])).stdout).toContain(spdx)
  scene.registry.change({ referrersApi: false })
  scene.registry.seedImage('org/app', 'old', 'old')
  expect(await attach('--artifact-type', spdx, scene.app('old'), sbom)).toMatchObject({ status: 0, stderr: '' })
  expect((await run(['discover', scene.app('old')])).stdout).toContain(spdx)
  scene.registry.change({ referrersApi: true })
})

test('a registry that does not list it is said to', async () => {
  scene.registry.seedImage('org/app', 'deaf', 'deaf')
  const end = scene.registry.misbehave({ how: { kind: 'unlisted' } })
  const ended = await attach('--artifact-type', spdx, scene.app('deaf'), sbom)
  end()
  expect(ended.status).toBe(3)
  expect(codeOf(ended.stderr)).toBe('UNAVAILABLE_ATTACHMENT')
})

test.each([
  ['no type', ['REF', 'FILE'], 2, 'MISUSE_OPTION'],
  ['a type that is none', ['--artifact-type', 'sbom', 'REF', 'FILE'], 2, 'MISUSE_OPTION'],
  ['no file', ['--artifact-type', 'a/b', 'REF'], 2, 'MISUSE_OPTION'],
  ['nothing', ['--artifact-type', 'a/b'], 2, 'MISUSE_OPTION'],
  ['a file that is not there', ['--artifact-type', 'a/b', 'REF', '/absent'], 3, 'UNAVAILABLE_FILE'],
  ['a folder', ['--artifact-type', 'a/b', 'REF', '/'], 3, 'UNAVAILABLE_FILE'],
  ['an artifact that is not there', ['--artifact-type', 'a/b', 'REFabsent', 'FILE'], 3, 'UNAVAILABLE_NOT_FOUND'],
  ['an annotation without value', ['--artifact-type', 'a/b', '-a', 'x', 'REF', 'FILE'], 2, 'MISUSE_OPTION'],
] as const)('%s', async (_, args, status, code) => {
  const ended = await attach(...args.map((each) => each.replace('REF', scene.app('v1')).replace('FILE', sbom)))
  expect(ended.status).toBe(status)
  expect(codeOf(ended.stderr)).toBe(code)
  expect(linesOf(ended.stderr)).toHaveLength(1)
})
