// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readAll } from '@ocisign/core'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLayout } from '../src/index.js'
import { describe as descriptorOf, manifest, readIndex, temporaryFolder } from './support/layout.js'

const packages = join(import.meta.dirname, '..', '..')
let folder: string
let writer: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layout-writer-'))
  writer = join(folder, 'writer.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('./support/writer.ts', import.meta.url))],
    outfile: writer,
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: {
      '@ocisign/core/node': join(packages, 'core', 'src', 'node', 'index.ts'),
      '@ocisign/core': join(packages, 'core', 'src', 'index.ts'),
      '#crypto': join(packages, 'core', 'src', 'crypto', 'node.ts'),
    },
  })
})
afterAll(() => rm(folder, { recursive: true }))

function start(root: string, name: string, count: number) {
  const child = spawn(process.execPath, [writer, root, name, String(count)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { done: '', errors: '' }
  child.stdout.on('data', (data) => {
    output.done += data
  })
  child.stderr.on('data', (data) => {
    output.errors += data
  })
  return { child, output }
}

const exitOf = async (child: ChildProcess) => (await once(child, 'close'))[0]
const digestsOf = (text: string) => text.split('\n').filter((line) => line.length === 71)

/** Everything listed is there and is what it should be, and of everything reported nothing is missing. */
async function requireWhole(root: string, reported: readonly string[]) {
  const layout = await openLayout(root)
  const listed = (await readIndex(root)).manifests
  for (const descriptor of listed) await readAll(layout, descriptor)
  const digests = listed.map(({ digest }) => digest)
  expect(reported.filter((digest) => !digests.includes(digest as never))).toEqual([])
}

test('two processes that write at once lose nothing', async () => {
  const root = await temporaryFolder()
  await openLayout(root, { create: true })
  const writers = [start(root, 'one', 25), start(root, 'two', 25)]
  expect(await Promise.all(writers.map(({ child }) => exitOf(child)))).toEqual([0, 0])
  const reported = writers.flatMap(({ output }) => digestsOf(output.done))
  expect(reported).toHaveLength(50)
  await requireWhole(root, reported)
  expect((await readIndex(root)).manifests).toHaveLength(50)
  expect((await readdir(root)).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
})

test('a process that is killed at any moment leaves a whole layout, and the next one goes on', async () => {
  const root = await temporaryFolder()
  await openLayout(root, { create: true })
  const reported: string[] = []
  for (let round = 0; round < 12; round++) {
    const { child, output } = start(root, `round-${round}`, 100_000)
    await once(child.stdout!, 'data')
    await new Promise((resolve) => setTimeout(resolve, round * 3))
    child.kill('SIGKILL')
    await exitOf(child)
    reported.push(...digestsOf(output.done))
    await requireWhole(root, reported)
  }
  expect(reported.length).toBeGreaterThanOrEqual(12)
  const last = manifest({ annotations: { last: 'yes' } })
  await (await openLayout(root)).push(descriptorOf(last), last)
  await requireWhole(root, [...reported, descriptorOf(last).digest])
  // What the killed ones left was swept by whoever came next.
  expect((await readdir(root)).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
})

test('a writer whose layout disappears says so and ends', async () => {
  const root = await temporaryFolder()
  await openLayout(root, { create: true })
  const { child, output } = start(root, 'lost', 100_000)
  await once(child.stdout!, 'data')
  // In one step: a folder that is being written to is not quickly empty.
  await rename(root, `${root}.gone`)
  expect(await exitOf(child)).toBe(1)
  expect(output.errors).toMatch(/UNAVAILABLE_FILE|INVALID_LAYOUT/)
})
