// SPDX-License-Identifier: Apache-2.0
// What is interrupted in the middle of a write, or cannot be written to its end, leaves nothing behind.
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, type Ended, linesOf, program, run } from './support/program.js'
import { createKey, createScene, rsa4096, type Scene } from './support/scene.js'

let scene: Scene
const slowWrites = join(import.meta.dirname, 'support/slow-writes.cjs')

beforeAll(async () => {
  scene = await createScene()
  await createKey(scene.path('large'), { algorithm: rsa4096, authorityAlgorithm: rsa4096, length: 2 })
  await writeFile(scene.path('file'), 'content')
})
afterAll(() => scene.dispose())

const sign = () => ['sign', '--oci-layout', ...scene.signingWith('good'), scene.path('layout:v1')]
const blobSign = () => ['blob', 'sign', ...scene.signingWith('good'), scene.path('file')]
const generate = () => ['certificate', 'generate-test', '--config-dir', scene.path('new'), '--trust', 'x']

/** Sends a signal once a write has begun; that line of the helper is taken out of what was said. */
async function interrupt(args: readonly string[], signals: readonly NodeJS.Signals[]): Promise<Ended> {
  const ended = await run(args, {
    require: slowWrites,
    started: (child) => {
      child.stderr?.once('data', () => {
        for (const signal of signals) child.kill(signal)
      })
    },
  })
  expect(ended.stderr).toContain('WRITING')
  return { ...ended, stderr: ended.stderr.replace(/^WRITING .*\n/gm, '') }
}

describe('interrupted in the middle of a write', () => {
  test.each([
    ['blob sign', blobSign, 'SIGINT', 130],
    ['blob sign', blobSign, 'SIGTERM', 143],
    ['certificate generate-test', generate, 'SIGINT', 130],
  ] as const)('%s leaves nothing (%#)', async (_, args, signal, status) => {
    const before = await scene.snapshot()
    const ended = await interrupt(args(), [signal])
    expect(ended).toMatchObject({ status, stdout: '', stderr: `ocisign: interrupted by ${signal}\n` })
    expect(await scene.snapshot()).toEqual(before)
  })

  test('sign leaves the index as it was, no lock and nothing unfinished', async () => {
    const before = await scene.snapshot()
    const ended = await interrupt(sign(), ['SIGINT'])
    expect(ended).toMatchObject({ status: 130, stdout: '', stderr: 'ocisign: interrupted by SIGINT\n' })
    const after = await scene.snapshot()
    for (const [path, hash] of Object.entries(after))
      if (path in before) expect([path, hash]).toEqual([path, before[path]])
      else expect(path).toBe(`layout/blobs/sha256/${hash}`)
    const { stdout } = await run(['list', '--oci-layout', scene.path('layout:v1')])
    expect(stdout).toContain('no signatures')
    expect(await run(sign())).toMatchObject({ status: 0 })
  })

  test('a command that writes nothing is ended by the system', async () => {
    const huge = scene.path('huge')
    const small = scene.path('small')
    await writeFile(small, 'small')
    await run(['blob', 'sign', ...scene.signingWith('good'), small])
    await writeFile(huge, '')
    await truncate(huge, 64 * 1024 ** 3)
    const signature = ['--signature', `${small}.jws.sig`]
    const ended = await run(['blob', 'verify', '--config-dir', scene.path('config'), ...signature, huge], {
      started: (child) => setTimeout(() => child.kill('SIGINT'), 1000),
    })
    await rm(huge)
    expect(ended).toEqual({ status: null, signal: 'SIGINT', stdout: '', stderr: '' })
  })
})

describe('a write that the system stops midway', () => {
  const limited = async (args: readonly string[], fileLimit: number) => {
    const before = await scene.snapshot()
    const ended = await run(args, { fileLimit })
    expect(ended).toMatchObject({ status: 3, stdout: '' })
    expect(linesOf(ended.stderr)).toHaveLength(1)
    expect(codeOf(ended.stderr)).toBe('UNAVAILABLE_FILE')
    return { before, after: await scene.snapshot() }
  }

  test.each([
    ['blob sign', () => ['blob', 'sign', ...scene.signingWith('large'), scene.path('file')], 2],
    ['certificate generate-test', () => [...generate(), '--chain-length', '3'], 1],
    [
      'policy init',
      () => ['policy', 'init', '--config-dir', scene.path('new'), '--trust-store', 'ca:a', '--trusted-identity', '*'],
      0,
    ],
    [
      'certificate add',
      () => [
        'certificate',
        'add',
        '--config-dir',
        scene.path('new'),
        '-t',
        'ca',
        '-s',
        'a',
        scene.path('large.root.pem'),
      ],
      1,
    ],
  ] as const)('%s leaves nothing', async (_, args, fileLimit) => {
    const { before, after } = await limited(args(), fileLimit)
    expect(after).toEqual(before)
  })

  test('sign leaves the index as it was, and nothing unfinished', async () => {
    const { before, after } = await limited(
      ['sign', '--oci-layout', ...scene.signingWith('large'), scene.path('layout:v1')],
      2,
    )
    for (const [path, hash] of Object.entries(after))
      if (path in before) expect([path, hash]).toEqual([path, before[path]])
      else expect(path).toBe(`layout/blobs/sha256/${hash}`)
  })

  test('an answer that cannot be printed is no yes', async () => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [program, '--help'], { stdio: ['ignore', full, 'pipe'] })
    let stderr = ''
    child.stderr?.on('data', (text) => {
      stderr += text
    })
    const status = await new Promise((resolve) => child.once('close', resolve))
    closeSync(full)
    expect(status).toBe(3)
    expect(linesOf(stderr)).toEqual([
      'ocisign: cannot write "standard output": there is no space left [UNAVAILABLE_FILE]',
    ])
  })

  test('a reader that has heard enough is no failure, and does not change the answer', () => {
    const absent = scene.path('layout:absent')
    const references = Array.from({ length: 50 }, () => absent).join(' ')
    const script = `set -o pipefail; "${process.execPath}" "${program}" verify ${scene.verifying.join(' ')} ${references} 2>err | head -1 >/dev/null; echo "$?"; grep -c NOT_FOUND err; grep -ic EPIPE err || true`
    const said = execFileSync('bash', ['-c', script], { cwd: scene.folder, encoding: 'utf8' })
    expect(linesOf(said)).toEqual(['3', '50', '0'])
  })
})
