// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Everything that is loaded together with a module: other packages by name, its own files by path. */
function loadedWith(path: URL, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path.href)) return seen
  seen.add(path.href)
  const source = readFileSync(path, 'utf8').replaceAll(/^(?: \*|\/\/).*$/gm, '')
  // Types vanish, and what `import()` names is loaded when it is called.
  for (const [, name = ''] of source.matchAll(/^(?:import|export) (?!type )(?:[^'"]*? from )?'([^']+)'/gm)) {
    if (name.startsWith('.')) loadedWith(new URL(name.replace(/\.js$/, '.ts'), path), seen)
    else seen.add(name)
  }
  return seen
}

const packagesOf = (path: string) =>
  [...loadedWith(new URL(`../src/${path}`, import.meta.url))].filter((name) => !name.startsWith('file:'))

test('opening a key loads no second implementation of its curve', () => {
  for (const entry of ['index.ts', 'uri/index.ts']) {
    expect(packagesOf(entry)).toContain('node:crypto')
    expect(packagesOf(entry).filter((name) => name.startsWith('@noble/'))).toEqual([])
  }
})

test('the portable part needs nothing of Node', () => {
  expect(packagesOf('portable/index.ts').sort()).toEqual(['@noble/curves/nist.js', '@ocisign/core'])
})
