// SPDX-License-Identifier: Apache-2.0
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf, program, run } from './support/program.js'
import { createScene, type Scene } from './support/scene.js'

let scene: Scene

beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.dispose())

test('a program that is not whole says so, and gives no answer', async () => {
  const folder = scene.path('broken')
  await cp(join(program, '..'), folder, { recursive: true })
  await rm(join(folder, 'commands/verify.js'))
  const broken = { program: join(folder, 'main.js') }
  const ended = await run(['verify', ...scene.verifying, scene.path('layout:v1')], broken)
  expect(ended).toMatchObject({ status: 3, stdout: '' })
  expect(linesOf(ended.stderr)).toEqual([expect.stringContaining('cannot start')])
})
