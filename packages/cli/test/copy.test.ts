// SPDX-License-Identifier: Apache-2.0
// From one place to another, with what belongs to it, and verified.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { isOcisignError } from '@ocisign/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, linesOf, type RunOptions, run } from './support/program.js'
import { createRegistryScene, type RegistryScene, seedIndex } from './support/registry.js'
import { writeConfiguration } from './support/scene.js'

let scene: RegistryScene
let target: RegistryScene
let sbom = ''

beforeAll(async () => {
  scene = await createRegistryScene()
  target = await createRegistryScene()
  const root = await readFile(scene.path('good.root.pem'), 'utf8')
  const [from, to] = [`${scene.registry.host}/org/app`, `${target.registry.host}/prod/app`]
  await writeConfiguration(scene.path('both'), { root, scopes: [from, to] })
  await writeConfiguration(scene.path('production'), { root, scopes: [to] })
  sbom = scene.path('sbom.spdx.json')
  await writeFile(sbom, '{ "spdxVersion": "SPDX-2.3" }')
  const attached = await run([
    'attach',
    '-o',
    'json',
    '--artifact-type',
    'application/spdx+json',
    scene.app('v1'),
    sbom,
  ])
  const { manifest } = JSON.parse(attached.stdout)
  await run(['sign', '-q', ...scene.signingWith('good'), scene.app('v1'), scene.app(`@${manifest.digest}`)])
  scene.registry.seedImage('org/app', 'unsigned', 'unsigned')
})
afterAll(() => Promise.all([scene.dispose(), target.dispose()]))

const copy = (configuration: string, args: readonly string[], options?: RunOptions) =>
  run(['copy', '--config-dir', scene.path(configuration), ...args], options)
const prod = (tag: string) => `${target.registry.host}/prod/app${tag}`
const writes = () => target.registry.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method)).length

test('between registries: signatures, what is attached, and its signatures; both sides are verified', async () => {
  const ended = await copy('both', ['-o', 'json', scene.app('v1'), prod('')])
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(ended.stdout)).toMatchObject({
    schemaVersion: 1,
    dryRun: false,
    tag: 'v1',
    lost: [],
    unlisted: [],
    verification: {
      source: { decision: 'verified', policy: 'ours' },
      destination: { decision: 'verified', policy: 'ours' },
    },
  })
  const verified = await run(['verify', '--config-dir', scene.path('production'), prod(':v1')])
  expect(verified).toMatchObject({ status: 0, stderr: '' })
  const discovered = await run(['discover', '-o', 'json', prod(':v1')])
  const types = JSON.parse(discovered.stdout).referrers.map(
    (each: { readonly descriptor: { readonly artifactType: string }; readonly referrers: readonly unknown[] }) =>
      [each.descriptor.artifactType, each.referrers.length] as const,
  )
  expect(new Map(types)).toEqual(
    new Map([
      ['application/vnd.cncf.notary.signature', 0],
      ['application/spdx+json', 1],
    ]),
  )
})

describe('what is verified', () => {
  test('an artifact that nobody trusted signed is not copied, and neither is its tag', async () => {
    const before = writes()
    const source = await copy('both', [scene.app('unsigned'), prod(':unsigned')])
    expect(source.status).toBe(1)
    expect(codeOf(source.stderr)).toBe('UNTRUSTED_NO_SIGNATURE')
    expect(source.stderr).toContain('nothing was copied')
    expect(linesOf(source.stderr)).toHaveLength(1)
    expect(writes()).toBe(before)
    const destination = await copy('production', [scene.app('unsigned'), prod(':unsigned')])
    expect(destination.status).toBe(1)
    expect(destination.stderr).toContain('no tag was written')
    const tag = target.registry.repository('prod/app').resolve('unsigned')
    await expect(tag).rejects.toSatisfy((error) => isOcisignError(error, 'UNAVAILABLE_NOT_FOUND'))
  })

  test('a side that no policy is for is named; that none is for is an error', async () => {
    const one = await copy('production', [scene.app('v1'), prod(':one')])
    expect(one).toMatchObject({ status: 0 })
    expect(one.stdout).toMatch(/source +NOT VERIFIED: no trust policy is for/)
    expect(one.stdout).toMatch(/destination +verified \(policy ours\)/)
    const before = writes()
    const none = await copy('both', [scene.app('v1').replace('org/app', 'org/x'), `${target.registry.host}/prod/x`])
    expect(none.status).toBe(1)
    expect(codeOf(none.stderr)).toBe('UNTRUSTED_NO_POLICY')
    expect(none.stderr).toContain('--verify none')
    const absent = await copy('absent', [scene.app('v1'), prod(':x')])
    expect(codeOf(absent.stderr)).toBe('UNAVAILABLE_NOT_FOUND')
    expect(absent.stderr).toContain('--verify none')
    expect(writes()).toBe(before)
  })

  test('--verify says which, and is obeyed or is an error', async () => {
    const none = await copy('absent', ['--verify', 'none', scene.app('unsigned'), prod(':mirror')])
    expect(none.status).toBe(0)
    expect(none.stdout.match(/NOT VERIFIED: --verify none/g)).toHaveLength(2)
    const both = await copy('production', ['--verify', 'both', scene.app('v1'), prod(':y')])
    expect(codeOf(both.stderr)).toBe('UNTRUSTED_NO_POLICY')
    const one = await copy('both', ['--verify', 'destination', scene.app('v1'), prod(':y')])
    expect(one.stdout).toMatch(/source +NOT VERIFIED: --verify destination/)
  })

  test('without referrers the source is, and the destination could not be', async () => {
    const { host } = target.registry
    const ended = await copy('both', ['--no-referrers', scene.app('v1'), `${host}/bare/app:v1`])
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toMatch(/source +verified/)
    expect(ended.stdout).toContain('--no-referrers')
    expect((await run(['discover', `${host}/bare/app:v1`])).stdout).toContain('nothing is attached')
  })
})

test('--dry-run writes nothing, and says what would be', async () => {
  const before = writes()
  const layout = scene.path('never')
  const ended = await copy('both', ['--dry-run', scene.app('v1'), `${target.registry.host}/new/app`])
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(ended.stdout.match(/would copy/g)?.length).toBeGreaterThan(6)
  expect(writes()).toBe(before)
  expect(await copy('both', ['--dry-run', '--to-oci-layout', scene.app('v1'), layout])).toMatchObject({ status: 0 })
  expect(await copy('both', ['--dry-run', '--to-oci-layout', scene.app('v1'), '-'])).toMatchObject({ status: 0 })
  expect(Object.keys(await scene.snapshot()).filter((path) => path.startsWith('never'))).toEqual([])
  await mkdir(layout)
  expect(await copy('both', ['--dry-run', '--to-oci-layout', scene.app('v1'), layout])).toMatchObject({ status: 0 })
  expect(await readdir(layout)).toEqual([])
})

describe('--dry-run makes no plan', () => {
  const challenge = { 'www-authenticate': 'Basic realm="there"' }
  test.each([
    ['nobody is there', undefined, 'UNAVAILABLE_HOST'],
    ['credentials are wanted', { kind: 'status', status: 401, headers: challenge }, 'DENIED_CREDENTIALS'],
    ['a permission is wanted', { kind: 'status', status: 403, code: 'DENIED' }, 'DENIED_REPOSITORY'],
    ['the registry fails', { kind: 'status', status: 500 }, 'UNAVAILABLE_REGISTRY'],
    ['the registry has had enough', { kind: 'status', status: 429, retryAfter: 3600 }, 'UNAVAILABLE_RATE_LIMIT'],
  ] as const)('for a destination where %s', async (_, how, code) => {
    const end = how && target.registry.misbehave({ how })
    const to = how ? prod(':x') : '127.0.0.1:1/prod/app'
    const args = ['--dry-run', '--verify', 'source', '--timeout', '30s', scene.app('v1'), to]
    const ended = await copy('both', args)
    end?.()
    expect(ended).toMatchObject({ status: 3, stdout: '' })
    expect(codeOf(ended.stderr)).toBe(code)
    expect(ended.stderr).toContain('nobody could look at the destination')
    expect(linesOf(ended.stderr)).toHaveLength(1)
  })

  test('for an archive that is there, or a folder of something else', async () => {
    const archive = scene.path('there.tar')
    await writeFile(archive, '')
    const file = await copy('both', ['--dry-run', '--to-oci-layout', scene.app('v1'), archive])
    expect(codeOf(file.stderr)).toBe('MISUSE_OPTION')
    const folder = await copy('both', ['--dry-run', '--to-oci-layout', scene.app('v1'), scene.path('both')])
    expect([folder.status, codeOf(folder.stderr)]).toEqual([4, 'INVALID_LAYOUT'])
  })
})

test('a part of an index needs signatures of its own', async () => {
  const platforms = ['linux/amd64', 'linux/arm64']
  seedIndex(scene.registry, 'org/app', 'multi', platforms)
  await run(['sign', '-q', ...scene.signingWith('good'), scene.app('multi')])
  const args = ['--platform', 'linux/amd64', scene.app('multi'), prod('')]
  const dry = await copy('both', ['--dry-run', ...args])
  expect(dry.stdout).toContain('would lose')
  expect(codeOf(dry.stderr)).toBe('UNAVAILABLE_COPY')
  expect(codeOf((await copy('both', args)).stderr)).toBe('UNAVAILABLE_COPY')
  const ended = await copy('both', ['--allow-loss', ...args])
  expect(codeOf(ended.stderr)).toBe('UNTRUSTED_NO_SIGNATURE')
  expect(ended.stderr).toContain('the signature of an index says nothing for a part of it')
  await run(['sign', '-q', '--recursive', ...scene.signingWith('good'), scene.app('multi')])
  const signed = await copy('both', ['-o', 'json', ...args])
  expect(signed.status).toBe(0)
  expect(JSON.parse(signed.stdout)).toMatchObject({ tag: 'multi', selected: [{ platform: { architecture: 'amd64' } }] })
})

describe('an air gap', () => {
  const scoped = () => ['--scope', `${scene.registry.host}/org/app`]

  test('registry, archive, registry', async () => {
    const archive = scene.path('app.tar')
    expect(await copy('both', ['--to-oci-layout', scene.app('v1'), archive])).toMatchObject({ status: 0, stderr: '' })
    const again = await copy('both', ['--to-oci-layout', scene.app('v1'), archive])
    expect(again.status).toBe(2)
    expect(again.stderr).toContain('--force')
    expect(await copy('both', ['--force', '--to-oci-layout', scene.app('v1'), archive])).toMatchObject({ status: 0 })
    for (const command of [
      ['verify', '--config-dir', scene.path('both'), ...scoped()],
      ['list'],
      ['discover'],
      ['inspect'],
    ])
      expect(await run([...command, '--oci-layout', `${archive}:v1`])).toMatchObject({ status: 0, stderr: '' })
    const args = ['--from-oci-layout', ...scoped(), `${archive}:v1`, prod(':from-archive')]
    const ended = await copy('both', args)
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout.match(/ verified/g)).toHaveLength(2)
  })

  test('through a pipe', async () => {
    const pipe = scene.path('pipe')
    const written = await copy('both', ['--to-oci-layout', scene.app('v1'), '-:piped'], { stdoutTo: pipe })
    expect(written.status).toBe(0)
    expect(written.stderr).toContain('Copied')
    const archive = await readFile(pipe)
    const layout = scene.path('unpacked')
    const args = ['--from-oci-layout', '--to-oci-layout', ...scoped(), '-:piped', `${layout}:kept`]
    const ended = await copy('both', args, { stdin: archive })
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const verify = ['verify', '--oci-layout', '--config-dir', scene.path('both'), ...scoped()]
    expect(await run([...verify, `${layout}:kept`])).toMatchObject({ status: 0, stderr: '' })
    expect(await run([...verify, '-:piped'], { stdin: archive })).toMatchObject({ status: 0, stderr: '' })
  })

  test('an archive is read, not written into', async () => {
    const archive = scene.path('read-only.tar')
    await copy('both', ['--to-oci-layout', scene.app('v1'), archive])
    for (const command of [
      ['sign', ...scene.signingWith('good'), '--oci-layout', `${archive}:v1`],
      ['attach', '--artifact-type', 'a/b', '--oci-layout', `${archive}:v1`, sbom],
    ]) {
      const ended = await run(command)
      expect(ended.status).toBe(2)
      expect(codeOf(ended.stderr)).toBe('MISUSE_OPTION')
    }
  })

  test('what is not trusted makes no folder', async () => {
    const ended = await copy('both', ['--to-oci-layout', scene.app('unsigned'), scene.path('untrusted')])
    expect(ended.status).toBe(1)
    expect(Object.keys(await scene.snapshot()).filter((path) => path.startsWith('untrusted'))).toEqual([])
  })
})

describe('what would be lost is an error', () => {
  const lossy = (tag: string) => {
    const image = scene.registry.seedImage('org/app', tag, tag)
    const body = (bytes: Uint8Array) => {
      const index = JSON.parse(new TextDecoder().decode(bytes))
      const manifests = [...index.manifests, { ...image, digest: `sha256:${'0'.repeat(64)}`, artifactType: 'a/sbom' }]
      return new TextEncoder().encode(JSON.stringify({ ...index, manifests }))
    }
    return scene.registry.misbehave({ when: { what: 'referrers', path: image.digest }, how: { kind: 'body', body } })
  }

  test('before anything is written, also of a plan; --allow-loss copies the rest, and says so', async () => {
    const end = lossy('lossy')
    const before = writes()
    const args = ['--verify', 'none', scene.app('lossy'), prod('')]
    const refused = await copy('both', args)
    expect([refused.status, codeOf(refused.stderr)]).toEqual([3, 'UNAVAILABLE_COPY'])
    expect(refused.stdout).toMatch(
      /^Refused to copy .*\n[\s\S]*\n {2}lost +sha256:0{64} a\/sbom, .*does not have it\n$/,
    )
    expect(refused.stderr).toContain('nothing was copied')
    const plan = await copy('both', ['--dry-run', '-o', 'json', ...args])
    expect(plan.status).toBe(3)
    expect(JSON.parse(plan.stdout)).toMatchObject({
      tag: null,
      lost: [{ reason: 'missing', error: { code: 'UNAVAILABLE_NOT_FOUND' } }],
      error: { code: 'UNAVAILABLE_COPY' },
    })
    expect(writes()).toBe(before)
    const allowed = await copy('both', ['--allow-loss', ...args])
    end()
    expect(allowed.status).toBe(0)
    expect(linesOf(allowed.stderr)).toEqual([expect.stringContaining('did not come along')])
    expect(await target.registry.repository('prod/app').resolve('lossy')).toBeDefined()
  })

  test('where an archive goes to standard output, nothing does', async () => {
    const end = lossy('to-stdout')
    const ended = await copy('both', ['--verify', 'none', '--to-oci-layout', scene.app('to-stdout'), '-'])
    end()
    expect(ended).toMatchObject({ status: 3, stdout: '' })
  })

  test('where the destination does not list what it has: the tag is not written', async () => {
    const end = target.registry.misbehave({ how: { kind: 'unlisted' } })
    const args = ['--verify', 'none', scene.app('v1'), `${target.registry.host}/deaf/app`]
    const ended = await copy('both', args)
    expect([ended.status, codeOf(ended.stderr)]).toEqual([3, 'UNAVAILABLE_COPY'])
    expect(ended.stdout).toContain('unlisted')
    expect(ended.stderr).toContain('no tag was written')
    const tag = target.registry.repository('deaf/app').resolve('v1')
    await expect(tag).rejects.toSatisfy((error) => isOcisignError(error, 'UNAVAILABLE_NOT_FOUND'))
    expect(await copy('both', ['--allow-loss', '--quiet', ...args])).toMatchObject({ status: 0, stderr: '' })
    end()
  })
})

test('what is there as it should be is not written again', async () => {
  const again = prod(':again')
  await copy('both', [scene.app('v1'), again])
  const before = writes()
  expect(await copy('both', [scene.app('v1'), again])).toMatchObject({ status: 0, stderr: '' })
  expect(writes()).toBe(before)
})

test.each([
  ['nothing', [], 2, 'MISUSE_OPTION'],
  ['no destination', ['FROM/org/app:v1'], 2, 'MISUSE_OPTION'],
  ['too much', ['FROM/org/app:v1', 'TO/a', 'TO/b'], 2, 'MISUSE_OPTION'],
  ['a digest as destination', ['FROM/org/app:v1', `TO/a@sha256:${'0'.repeat(64)}`], 2, 'MISUSE_OPTION'],
  ['a scope without layout', ['--scope', 'a/b', 'FROM/org/app:v1', 'TO/a'], 2, 'MISUSE_OPTION'],
  ['an unknown place', ['--verify', 'everything', 'FROM/org/app:v1', 'TO/a'], 2, 'MISUSE_OPTION'],
  ['a layout without scope', ['--verify', 'both', '--to-oci-layout', 'FROM/org/app:v1', '/x'], 2, 'MISUSE_SCOPE'],
  ['an artifact that is not there', ['FROM/org/app:absent', 'TO/a'], 3, 'UNAVAILABLE_NOT_FOUND'],
  [
    'a platform that is not there',
    ['--platform', 'plan9/mips', 'FROM/org/app:multi', 'TO/a'],
    3,
    /^UNAVAILABLE_|^UNTRUSTED_/,
  ],
  ['no layout', ['--from-oci-layout', '/absent:v1', 'TO/a'], 3, 'UNAVAILABLE_FILE'],
  ['an archive without the switch', ['app.tar:v1', 'TO/a'], 2, 'MISUSE_OPTION'],
  ['a folder without the switch', ['FROM/org/app:v1', './layout'], 2, 'MISUSE_OPTION'],
  ['two passwords', ['-u', 'me', '--password-stdin', 'FROM/org/app:v1', 'TO/a'], 2, 'MISUSE_OPTION'],
] as const)('%s', async (_, args, status, code) => {
  const hosts = args.map((each) => each.replace('FROM', scene.registry.host).replace('TO', target.registry.host))
  const ended = await copy('both', hosts, { stdin: 'secret' })
  expect([status, 1]).toContain(ended.status)
  expect(codeOf(ended.stderr)).toMatch(code)
  expect(linesOf(ended.stderr)).toHaveLength(1)
})
