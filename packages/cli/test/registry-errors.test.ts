// SPDX-License-Identifier: Apache-2.0
// What goes wrong with a registry is one line: what, where, with its status, and what to do; and a code of its own.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFakeAuthority, type MisbehaviourRule } from '@ocisign/conformance/fake'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, linesOf, run } from './support/program.js'
import { createRegistryScene, type RegistryScene, seedIndex } from './support/registry.js'

let scene: RegistryScene
beforeAll(async () => {
  scene = await createRegistryScene()
  await run(['sign', ...scene.signingWith('good'), scene.app('v1')])
})
afterAll(() => scene.dispose())

const verify = (reference: string, ...args: readonly string[]) =>
  run(['verify', ...scene.policy, '--output', 'json', ...args, reference])

/** Runs under a misbehaviour; the one line that is said, its code, and the report. */
async function during(rules: readonly MisbehaviourRule[], reference = scene.app('v1')) {
  const ends = rules.map((rule) => scene.registry.misbehave(rule))
  const ended = await verify(reference, '--timeout', '20s')
  for (const end of ends) end()
  expect(linesOf(ended.stderr)).toHaveLength(1)
  expect(ended.stderr).not.toMatch(/\n\s+at /)
  return { ...ended, code: codeOf(ended.stderr), report: JSON.parse(ended.stdout) }
}

describe('bad input has a code of its own, and names the host and what it answered', () => {
  let secure: RegistryScene
  let closed: RegistryScene
  const secret = 'correct\u001b[31m horse'
  beforeAll(async () => {
    secure = await createRegistryScene({ tls: await createFakeAuthority() })
    closed = await createRegistryScene({ auth: { kind: 'basic', users: { alice: 'another' } } })
  })
  afterAll(() => Promise.all([secure.dispose(), closed.dispose()]))

  /** Copies, during a misbehaviour, and holds what is said to its form. */
  async function copy(from: string, args: readonly string[], rule?: MisbehaviourRule) {
    const end = rule && scene.registry.misbehave(rule)
    const all = ['copy', '--verify', 'none', '--timeout', '20s', '--to-oci-layout', ...args, from, scene.path('bad')]
    const ended = await run(all, { stdin: secret })
    end?.()
    expect(linesOf(ended.stderr)).toHaveLength(1)
    expect(ended.stdout).toBe('')
    const [host = ''] = from.split('/')
    expect(ended.stderr).toContain(host)
    expect(ended.stderr).not.toContain('horse')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(ended.stderr.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f]/)
    return { status: ended.status, code: codeOf(ended.stderr), said: ended.stderr }
  }

  test('unreachable host', async () => {
    const ended = await copy('127.0.0.1:1/org/app:v1', [])
    expect(ended).toMatchObject({ status: 3, code: 'UNAVAILABLE_HOST', said: expect.stringContaining('ECONNREFUSED') })
  })

  test('TLS not trusted', async () => {
    const ended = await copy(secure.app('v1'), ['--ca-file', scene.path('good.root.pem')])
    expect(ended).toMatchObject({ status: 3, code: 'UNAVAILABLE_TLS', said: expect.stringContaining('--ca-file') })
  })

  test('wrong credentials', async () => {
    const ended = await copy(closed.app('v1'), ['-u', 'alice', '--password-stdin'])
    expect(ended).toMatchObject({ status: 3, code: 'DENIED_CREDENTIALS', said: expect.stringContaining('401') })
    // None at all are wrong, too.
    const without = await copy(closed.app('v1'), [])
    expect(without).toMatchObject({ status: 3, code: 'DENIED_CREDENTIALS', said: expect.stringContaining('401') })
  })

  test('unknown repository', async () => {
    const ended = await copy(`${scene.registry.host}/org/absent:v1`, [])
    expect(ended).toMatchObject({ status: 3, code: 'UNAVAILABLE_REPOSITORY', said: expect.stringContaining('404') })
  })

  test('tag moved between resolve and fetch', async () => {
    const { digest } = await scene.registry.repository('org/app').resolve('v1')
    const when = { what: 'manifests', path: digest, method: 'GET' } as const
    // What the tag named is gone …
    const gone = await copy(scene.app('v1'), [], { when, how: { kind: 'status', status: 404 } })
    expect(gone).toMatchObject({ status: 3, code: 'UNAVAILABLE_NOT_FOUND', said: expect.stringContaining('404') })
    expect(gone.said).toContain(digest)
    // … or what it names now is given instead.
    const other = scene.registry.seedImage('org/app', undefined, 'moved')
    const path = `/v2/org/app/manifests/${other.digest}`
    expect(await copy(scene.app('v1'), [], { when, how: { kind: 'instead', path } })).toMatchObject({
      status: 4,
      code: 'INVALID_CONTENT',
      said: expect.stringContaining(digest),
    })
  })

  test('truncated blob', async () => {
    const when = { what: 'blobs', method: 'GET' } as const
    const short = (body: Uint8Array) => body.slice(0, -1)
    const ended = await copy(scene.app('v1'), [], { when, how: { kind: 'body', body: short } })
    expect(ended).toMatchObject({ status: 3, code: 'UNAVAILABLE_CONTENT', said: expect.stringContaining('(200) sent') })
    const broken = await copy(scene.app('v1'), [], { when, how: { kind: 'truncate', bytes: 10 } })
    expect(broken).toMatchObject({ status: 3, code: 'UNAVAILABLE_CONTENT', said: expect.stringContaining('200') })
    expect(broken.said).toContain('read blob')
  })
})

describe('each has its code, and is no yes', () => {
  test('a host that is not there', async () => {
    const ended = await run(['list', '127.0.0.1:1/org/app:v1'])
    expect(ended.status).toBe(3)
    expect(codeOf(ended.stderr)).toBe('UNAVAILABLE_HOST')
    expect(ended.stderr).toContain('127.0.0.1:1')
  })

  test('a name that nobody knows', async () => {
    const ended = await run(['list', 'registry.invalid/org/app:v1'])
    expect(codeOf(ended.stderr)).toBe('UNAVAILABLE_HOST')
    expect(ended.stderr).toContain('registry.invalid')
    expect(linesOf(ended.stderr)).toHaveLength(1)
  })

  test('a repository, a tag and a digest that are not there', async () => {
    const absent = `sha256:${'0'.repeat(64)}`
    for (const [reference, code] of [
      [`${scene.registry.host}/org/absent:v1`, /^UNAVAILABLE_(?:REPOSITORY|NOT_FOUND)$/],
      [scene.app('absent'), /^UNAVAILABLE_NOT_FOUND$/],
      [scene.app(`@${absent}`), /^UNAVAILABLE_NOT_FOUND$/],
    ] as const) {
      const ended = await run(['list', reference])
      expect(ended.status).toBe(3)
      expect(codeOf(ended.stderr)).toMatch(code)
      expect(ended.stderr).toContain('404')
    }
  })

  test.each([
    [403, 'DENIED_REPOSITORY'],
    [429, 'UNAVAILABLE_RATE_LIMIT'],
    [500, 'UNAVAILABLE_REGISTRY'],
    [502, 'UNAVAILABLE_REGISTRY'],
  ] as const)('%i at the manifest', async (status, code) => {
    const { report, ...ended } = await during([{ when: { what: 'manifests' }, how: { kind: 'status', status } }])
    expect(ended).toMatchObject({ status: 3, code })
    expect(report.decision).toBe('unavailable')
    expect(ended.stderr).toContain(scene.registry.host)
  })

  test.each([401, 403, 429, 500])('%i at the listing is not "unsigned"', async (status) => {
    const { report, ...ended } = await during([{ when: { what: 'referrers' }, how: { kind: 'status', status } }])
    expect(ended.status).toBe(3)
    expect(ended.code).toMatch(/^UNAVAILABLE_|^DENIED_/)
    expect(report.decision).toBe('unavailable')
  })

  test.each([
    ['cut short', { kind: 'truncate', bytes: 100 }],
    ['another', { kind: 'body', body: '{}' }],
    ['longer than stated', { kind: 'longer', bytes: 10, stated: true }],
  ] as const)('a signature that is %s', async (_, how) => {
    const { report, ...ended } = await during([{ when: { what: 'blobs', method: 'GET' }, how }])
    expect([1, 3]).toContain(ended.status)
    expect(report.decision).not.toBe('verified')
  })

  test('a tag that moves meanwhile does not change what is verified', async () => {
    const { digest } = await scene.registry.repository('org/app').resolve('v1')
    const other = scene.registry.seedImage('org/app', undefined, 'other')
    const how = { kind: 'instead', path: `/v2/org/app/manifests/${other.digest}` } as const
    const { report } = await during([{ when: { what: 'manifests', path: '/v1', from: 1 }, how }])
    expect(report.subject?.digest).not.toBe(digest)
    expect(report.decision).not.toBe('verified')
  })

  test('a server that never answers', async () => {
    const end = scene.registry.misbehave({ how: { kind: 'hang', at: 'request' } })
    const began = performance.now()
    const ended = await verify(scene.app('v1'), '--timeout', '2s')
    end()
    expect(performance.now() - began).toBeLessThan(15_000)
    expect(ended.status).toBe(3)
    expect(codeOf(ended.stderr)).toBe('UNAVAILABLE_DEADLINE')
    expect(linesOf(ended.stderr)).toHaveLength(1)
  })
})

test('what a registry says is escaped, and secrets are not said back', async () => {
  const end = scene.registry.misbehave({ how: { kind: 'echo', status: 403 } })
  const secret = 'correct-horse-battery'
  const args = ['list', '-u', 'alice', '--password-stdin', '--debug', scene.app('v1')]
  const ended = await run(args, { stdin: secret })
  end()
  expect(ended.status).toBe(3)
  const all = ended.stdout + ended.stderr
  expect(all).not.toContain(secret)
  expect(all).not.toContain(Buffer.from(`alice:${secret}`).toString('base64'))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(all).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
})

describe('progress', () => {
  const watched = join(import.meta.dirname, 'support/watched.cjs')
  const references = () => Array.from({ length: 8 }, () => scene.app('v1'))

  test('is one line, and gone in the end', async () => {
    const ended = await run(['verify', ...scene.policy, ...references()], { require: watched, env: { TERM: 'xterm' } })
    expect(ended.status).toBe(0)
    expect(ended.stderr).toMatch(/1 of 8 done/)
    expect(ended.stderr).not.toContain('\n')
    expect(ended.stderr.endsWith('\r\u001b[K')).toBe(true)
    expect(ended.stdout).not.toContain('\u001b')
  })

  test.each([
    ['--quiet', ['--quiet'], 'xterm'],
    ['a terminal that cannot', [], 'dumb'],
  ])('is not shown for %s', async (_, args, TERM) => {
    const ended = await run(['verify', ...scene.policy, ...args, ...references()], { require: watched, env: { TERM } })
    expect(ended).toMatchObject({ status: 0, stderr: '' })
  })

  test('of a tree is in manifests', async () => {
    seedIndex(scene.registry, 'org/app', 'tree', ['linux/amd64', 'linux/arm64'])
    const watching = { require: watched, env: { TERM: 'xterm' } }
    const slow = { kind: 'delay', milliseconds: 120 } as const
    const end = scene.registry.misbehave({ when: { method: 'PUT' }, how: slow })
    const signed = await run(['sign', '--recursive', ...scene.signingWith('good'), scene.app('tree')], watching)
    end()
    expect(signed).toMatchObject({ status: 0, stderr: expect.stringMatching(/manifests signed: [123]/) })
    const verified = await run(['verify', '--recursive', ...scene.policy, scene.app('tree')], watching)
    expect(verified).toMatchObject({ status: 0, stderr: expect.stringMatching(/manifests looked at: \d/) })
    expect(verified.stderr.endsWith('\r\u001b[K')).toBe(true)
  })

  test('of a copy is in bytes', async () => {
    const layout = scene.path('copied')
    const args = ['copy', ...scene.policy, '--to-oci-layout', scene.app('v1'), layout]
    const ended = await run(args, { require: watched, env: { TERM: 'xterm' } })
    expect(ended.status).toBe(0)
    expect(ended.stderr).toContain(`finding what belongs to ${scene.app('v1')}`)
    expect(ended.stderr.endsWith('\r\u001b[K')).toBe(true)
  })

  test('of what takes its time says how far it is, and how far it is to go', async () => {
    const big = scene.path('big')
    await writeFile(big, new Uint8Array(3_000_000))
    const watching = { require: watched, env: { TERM: 'xterm' } }
    const slow = { kind: 'slow', bytes: 100_000, milliseconds: 30 } as const
    const attached = await run(['attach', '--artifact-type', 'a/b', scene.app('v1'), big], watching)
    expect(attached.stderr).toMatch(/big: [\d.]+ [KM]iB of 2\.9 MiB/)
    const end = scene.registry.misbehave({ when: { what: 'blobs', method: 'GET' }, how: slow })
    const args = ['copy', ...scene.policy, '--to-oci-layout', scene.app('v1'), scene.path('big-copy')]
    const copied = await run(args, watching)
    end()
    expect(copied.status).toBe(0)
    expect(copied.stderr).toMatch(/\d of \d+ manifests and blobs, [12]\.\d MiB of 2\.9 MiB/)
  })
})
