// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findBareVerbs } from './verbs.mjs'
import { workspaceRoot } from './workspace.mjs'

test('a function without an example is found, through a re-export, too; types and what is not exported are not', () => {
  mkdirSync(join(workspaceRoot, 'tmp'), { recursive: true })
  const directory = mkdtempSync(join(workspaceRoot, 'tmp/verbs-'))
  try {
    mkdirSync(join(directory, 'src'))
    writeFileSync(join(directory, 'src/index.ts'), "export { bare, shown, type Shape } from './key.js'\n")
    writeFileSync(
      join(directory, 'src/key.ts'),
      '/** A */\nexport function bare() {}\n/**\n * B\n * @example\n * x\n */\nexport function shown() {}\n' +
        'export interface Shape { readonly a: 1 }\nexport function hidden() {}\n',
    )
    const packageOf = (folder: string) => ({ folder, directory, manifest: { exports: { '.': {} } } })
    expect(findBareVerbs([packageOf('provider-x')])).toEqual([
      expect.stringMatching(/src\/key\.ts: bare has no @example$/),
    ])
    expect(findBareVerbs([packageOf('core')])).toEqual([])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
