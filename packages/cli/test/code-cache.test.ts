// SPDX-License-Identifier: Apache-2.0
// The code that the build keeps of `verify` is used where it fits, and nowhere else.
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf, program, run } from './support/program.js'
import { createScene, type Scene } from './support/scene.js'

let scene: Scene
const watch = join(import.meta.dirname, 'support/watch-scripts.cjs')

beforeAll(async () => {
  scene = await createScene()
  await run(['sign', '--oci-layout', ...scene.signingWith('good'), scene.path('layout:v1')])
})
afterAll(() => scene.dispose())

/** Verifies, and prints help, with a copy of the program that something was done to. */
async function withCopy(name: string, change: (bundle: string) => Promise<void>) {
  const folder = scene.path(name)
  await cp(join(program, '..'), folder, { recursive: true })
  await change(join(folder, 'commands/verify.js'))
  const options = { require: watch, program: join(folder, 'main.js') }
  const verified = await run(['verify', ...scene.verifying, scene.path('layout:v1')], options)
  expect(verified.status).toBe(0)
  return { verified, help: await run(['verify', '--help'], options) }
}

test('is used as it was built', async () => {
  const { verified } = await withCopy('untouched', async () => undefined)
  expect(verified.stderr).toBe('cached code used\n')
})

test('is not used for another source, even of the same length', async () => {
  const { verified, help } = await withCopy('edited', async (bundle) => {
    const source = await readFile(bundle, 'utf8')
    expect(source).toContain('Verifies artifacts')
    await writeFile(bundle, source.replace('Verifies artifacts', 'Verifies artefacts'))
  })
  expect(verified.stderr).toBe('')
  expect(help.stdout).toContain('Verifies artefacts')
})

test.each([
  ['damaged', (cache: Buffer) => cache.with(cache.length >> 1, cache[cache.length >> 1]! ^ 1)],
  ['cut off', (cache: Buffer) => cache.subarray(0, 1000)],
  ['empty', () => new Uint8Array()],
])('is not used where it is %s', async (name, change) => {
  const { verified } = await withCopy(name.replace(' ', '-'), async (bundle) => {
    await writeFile(`${bundle}.cache`, change(await readFile(`${bundle}.cache`)))
  })
  expect(verified.stderr).toBe('')
})

test('need not be there', async () => {
  const { verified } = await withCopy('without', (bundle) => rm(`${bundle}.cache`))
  expect(verified.stderr).toBe('')
})

test('a program that is not whole says so, and gives no answer', async () => {
  const folder = scene.path('broken')
  await cp(join(program, '..'), folder, { recursive: true })
  await rm(join(folder, 'commands/verify.js'))
  const broken = { program: join(folder, 'main.js') }
  const ended = await run(['verify', ...scene.verifying, scene.path('layout:v1')], broken)
  expect(ended).toMatchObject({ status: 3, stdout: '' })
  expect(linesOf(ended.stderr)).toEqual([expect.stringContaining('cannot start')])
})
