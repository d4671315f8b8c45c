// SPDX-License-Identifier: Apache-2.0
// Signing, listing, inspecting and verifying artifacts in a registry, one and many.
import { writeFile } from 'node:fs/promises'
import { encodeText } from '@ocisign/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReportedNode } from '../src/output/report.js'
import { codeOf, linesOf, run } from './support/program.js'
import { createRegistryScene, type RegistryScene, seedIndex } from './support/registry.js'

let scene: RegistryScene
beforeAll(async () => {
  scene = await createRegistryScene()
})
afterAll(() => scene.dispose())

const sign = (...args: readonly string[]) => run(['sign', ...scene.signingWith('good'), ...args])
const verify = (...args: readonly string[]) => run(['verify', ...scene.policy, ...args])
const reportsOf = (stdout: string) => linesOf(stdout).map((line) => JSON.parse(line))

test('signs, lists, inspects and verifies by tag and by digest', async () => {
  const { registry, app } = scene
  const { digest } = await registry.repository('org/app').resolve('v1')
  const signed = await sign('-m', 'build=1', app('v1'))
  expect(signed).toMatchObject({ status: 0 })
  expect(linesOf(signed.stderr)).toEqual([expect.stringContaining('"v1" is a tag')])
  expect((await sign('--signature-format', 'cose', '--quiet', app('v1'))).stderr).toBe('')
  const listed = await run(['list', app('v1')])
  expect(listed).toMatchObject({ status: 0, stderr: '' })
  expect(linesOf(listed.stdout).slice(0, 2)).toEqual([app('v1'), digest])
  expect(listed.stdout.match(/application\/(?:jose\+json|cose)/g)).toHaveLength(2)
  const inspected = await run(['inspect', app(`@${digest}`)])
  expect(inspected).toMatchObject({ status: 0, stderr: '' })
  expect(inspected.stdout.match(/signingScheme: notary\.x509/g)).toHaveLength(2)
  for (const reference of [app('v1'), app(`@${digest}`), app(`v1@${digest}`)]) {
    const verified = await verify('-m', 'build=1', reference)
    expect(verified).toMatchObject({ status: 0, stderr: '' })
    expect(verified.stdout).toContain(`✓ ${reference}: verified`)
  }
})

test('a signature goes by the digest of its manifest, whoever names it', async () => {
  const { registry, app } = scene
  registry.seedImage('org/app', 'named', 'named')
  const signed = JSON.parse((await sign('--quiet', '--output', 'json', app('named'))).stdout)
  const { manifest, signature } = signed
  for (const command of ['verify', 'list', 'inspect', 'discover']) {
    const { stdout } = await run([command, ...(command === 'verify' ? scene.policy : []), app('named')])
    expect(stdout).toContain(manifest.digest)
  }
  const text = await verify(app('named'))
  expect(text.stdout).toContain(`signature  ${manifest.digest}`)
  expect(text.stdout).not.toContain(signature.digest)
  const [{ signatures }] = reportsOf((await verify('--output', 'json', app('named'))).stdout)
  expect(signatures).toMatchObject([{ digest: signature.digest, manifest: manifest.digest }])
})

test('one artifact that is there is asked for no more often than needed', async () => {
  const { registry, app } = scene
  registry.seedImage('org/app', 'counted', 'counted')
  await sign(app('counted'))
  const { digest } = await registry.repository('org/app').resolve('counted')
  registry.forget()
  await verify(app(`@${digest}`))
  expect(registry.requests).toHaveLength(4)
  registry.forget()
  await sign(app('counted'))
  expect(registry.requests.length).toBeLessThanOrEqual(6)
})

test('the repository is the scope', async () => {
  const { registry } = scene
  registry.seedImage('org/other', 'v1', 'v1')
  const other = await verify(`${registry.host}/org/other:v1`)
  expect(other.status).toBe(1)
  expect(codeOf(other.stderr)).toBe('UNTRUSTED_NO_POLICY')
})

test('where there is no Referrers API, or it is not wanted, signatures are under a tag', async () => {
  const { registry, app } = scene
  for (const [tag, referrersApi, option] of [
    ['old', false, '--quiet'],
    ['forced', true, '--force-referrers-tag'],
  ] as const) {
    registry.change({ referrersApi })
    const { digest } = registry.seedImage('org/app', tag, tag)
    expect(await sign(option, app(tag))).toMatchObject({ status: 0 })
    expect(await registry.repository('org/app').resolve(digest.replace(':', '-'))).toBeDefined()
    expect(await verify(app(tag))).toMatchObject({ status: 0, stderr: '' })
  }
  registry.change({ referrersApi: true })
})

describe('many references', () => {
  const names = ['signed', 'unsigned', 'absent'] as const
  beforeAll(async () => {
    for (const name of ['signed', 'unsigned']) scene.registry.seedImage('org/many', name, name)
  })

  test('each has its answer in order, or as they come; the worst decides', async () => {
    const references = names.map((name) => scene.app(name))
    for (const name of ['signed', 'unsigned']) scene.registry.seedImage('org/app', name, name)
    await sign(scene.app('signed'))
    const ordered = await verify('--output', 'json', ...references)
    expect(ordered.status).toBe(3)
    expect(reportsOf(ordered.stdout).map(({ reference }) => reference)).toEqual(references)
    expect(reportsOf(ordered.stdout).map(({ decision }) => decision)).toEqual(['verified', 'refused', 'unavailable'])
    const coming = await verify('--output', 'jsonl', '--concurrency', '2', ...references)
    expect(coming.status).toBe(3)
    expect(new Set(reportsOf(coming.stdout).map(({ reference }) => reference))).toEqual(new Set(references))
  })

  test('the slowest does not hold back the others as jsonl', async () => {
    const end = scene.registry.misbehave({
      when: { what: 'manifests', path: '/slow' },
      how: { kind: 'delay', milliseconds: 1500 },
    })
    scene.registry.seedImage('org/app', 'slow', 'slow')
    const references = [scene.app('slow'), scene.app('signed')]
    const jsonl = reportsOf((await verify('--output', 'jsonl', ...references)).stdout)
    expect(jsonl.map(({ reference }) => reference)).toEqual([scene.app('signed'), scene.app('slow')])
    end()
  })

  test('from a file and from standard input', async () => {
    await writeFile(scene.path('list'), `# ours\n${scene.app('signed')}\n\n  ${scene.app('v1')}  \n`)
    const file = await verify('--output', 'json', '--from-file', scene.path('list'))
    expect(reportsOf(file.stdout).map(({ reference }) => reference)).toEqual([scene.app('signed'), scene.app('v1')])
    expect(file.status).toBe(0)
    const args = ['verify', ...scene.policy, '--output', 'json', '--from-file', '-']
    const stdin = await run(args, { stdin: `${scene.app('signed')}\n` })
    expect(reportsOf(stdin.stdout)).toHaveLength(1)
    const both = await run([...args, '--password-stdin', '-u', 'me'], { stdin: 'secret' })
    expect(both.status).toBe(2)
  })

  test('none is signed where one is missing', async () => {
    const before = scene.registry.requests.filter(({ method }) => method === 'PUT').length
    const ended = await sign(scene.app('unsigned'), scene.app('absent'))
    expect(ended.status).toBe(3)
    expect(scene.registry.requests.filter(({ method }) => method === 'PUT')).toHaveLength(before)
  })

  test('nothing but results and errors is said where nobody watches', async () => {
    const ended = await verify(...Array.from({ length: 10 }, () => scene.app('signed')))
    expect(ended).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('--all', () => {
  const all = (name: string, ...args: readonly string[]) => verify('--all', ...args, `${scene.registry.host}/${name}`)

  test('verifies every tag, and none of those that hold signatures', async () => {
    const { registry, app } = scene
    const ended = await all('org/app', '--output', 'json')
    const tags = reportsOf(ended.stdout).map(({ reference }) => reference.split(':').at(-1))
    expect(tags).toEqual(expect.arrayContaining(['v1', 'signed', 'unsigned', 'old']))
    expect(tags.filter((tag: string) => tag.startsWith('sha256-'))).toEqual([])
    expect(ended.status).toBe(1)
    expect(ended.stderr).toContain('2 tags that hold signatures')
    expect(registry.requests.some(({ path }) => path.endsWith('/tags/list'))).toBe(true)
    expect(app('v1')).toContain('org/app')
  })

  test.each([429, 500, 401, 404])('a listing that is answered with %i is no yes', async (status) => {
    const end = scene.registry.misbehave({ when: { what: 'tags' }, how: { kind: 'status', status } })
    const ended = await all('org/app')
    end()
    expect(ended.status).toBe(3)
    expect(codeOf(ended.stderr)).toMatch(/^(?:UNAVAILABLE|DENIED)_/)
  })

  test('a second page that fails is no yes, and the first is still answered', async () => {
    scene.registry.change({ tagsPerPage: 3 })
    const end = scene.registry.misbehave({ when: { what: 'tags', nth: 2 }, how: { kind: 'status', status: 403 } })
    const ended = await all('org/app', '--output', 'json')
    end()
    scene.registry.change({ tagsPerPage: Number.POSITIVE_INFINITY })
    const reports = reportsOf(ended.stdout)
    expect(ended.status).toBe(3)
    expect(reports).toHaveLength(4)
    expect(reports.at(-1)).toMatchObject({ reference: `${scene.registry.host}/org/app`, decision: 'unavailable' })
  })

  test('no tags are no yes', async () => {
    scene.registry.seed('org/empty', { mediaType: 'text/plain', bytes: encodeText('x') })
    const ended = await all('org/empty')
    expect(ended.status).toBe(3)
    expect(codeOf(ended.stderr)).toBe('UNAVAILABLE_NOT_FOUND')
  })

  test('of a layout', async () => {
    const ended = await run(['verify', ...scene.verifying, '--all', '--output', 'json', scene.path('layout')])
    expect(reportsOf(ended.stdout).map(({ reference }) => reference)).toEqual([scene.path('layout:v1')])
  })
})

describe('--recursive', () => {
  const platforms = ['linux/amd64', 'linux/arm64/v8']
  const recursively = (tag: string, ...args: readonly string[]) =>
    verify('--recursive', '--output', 'json', ...args, scene.app(tag))

  test('signs an index with what it holds, and verifies it', async () => {
    const index = seedIndex(scene.registry, 'org/app', 'tree', platforms)
    const signed = await sign('--recursive', '--output', 'json', scene.app('tree'))
    const { signed: manifests } = JSON.parse(signed.stdout)
    expect(manifests).toHaveLength(3)
    expect(manifests.at(-1).subject.digest).toBe(index.digest)
    const [report] = reportsOf((await recursively('tree')).stdout)
    expect(report).toMatchObject({ decision: 'verified', subject: { digest: index.digest } })
    expect(report.tree.map(({ depth, platform, decision }: ReportedNode) => [depth, platform, decision])).toEqual([
      [1, undefined, 'verified'],
      [2, 'linux/amd64', 'verified'],
      [2, 'linux/arm64/v8', 'verified'],
    ])
  })

  test('what is signed by its platforms alone is accepted; one that is missing is named', async () => {
    const { digest } = seedIndex(scene.registry, 'org/app', 'parts', platforms)
    expect(await sign('--recursive', '--platform', 'linux/amd64', scene.app('parts'))).toMatchObject({ status: 0 })
    const whole = await recursively('parts')
    expect(whole.status).toBe(1)
    const [report] = reportsOf(whole.stdout)
    expect(report.tree.map(({ decision }: ReportedNode) => decision)).toEqual(['refused', 'verified', 'refused'])
    expect(await recursively('parts', '--platform', 'linux/amd64')).toMatchObject({ status: 0 })
    const text = await verify('--recursive', scene.app('parts'))
    expect(text.stdout).toMatch(new RegExp(`✗ ${digest}\\n.*UNTRUSTED_NO_SIGNATURE`))
    expect(text.stdout).toMatch(/✓ sha256:[0-9a-f]{64} linux\/amd64, signed by CN=/)
    const accepted = await verify('--recursive', '--platform', 'linux/amd64', scene.app('parts'))
    expect(accepted.stdout).toContain(`✓ ${digest}, everything in it is accepted`)
  })

  test('a platform that the index does not hold is named, whether anything is signed or not', async () => {
    seedIndex(scene.registry, 'org/app', 'absent', platforms)
    for (const isSigned of [false, true]) {
      if (isSigned) await sign(scene.app('absent'))
      const text = await verify('--recursive', '--platform', 'linux/s390x', scene.app('absent'))
      expect(text).toMatchObject({ status: 3, stdout: expect.stringContaining('holds nothing for linux/s390x') })
      expect(codeOf(text.stderr)).toBe('UNAVAILABLE_NOT_FOUND')
      expect(text.stderr).toContain('linux/s390x')
      expect(text.stdout).not.toContain('there is no signature\n')
    }
  })

  test('a signed index covers what it holds', async () => {
    seedIndex(scene.registry, 'org/app', 'top', platforms)
    await sign(scene.app('top'))
    const text = await verify('--recursive', scene.app('top'))
    expect(text.status).toBe(0)
    expect(text.stdout.match(/covered by the index/g)).toHaveLength(2)
  })
})
