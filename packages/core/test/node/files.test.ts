// SPDX-License-Identifier: Apache-2.0
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileError } from '../../src/node/file-error.js'
import { readRegularFile } from '../../src/node/files.js'
import { codeOf, withDirectory } from './temporary.js'

test('only regular files of bounded size are read', async () => {
  await withDirectory({ file: 'text', empty: '' }, async (directory) => {
    const read = (name: string, maxBytes?: number) => readRegularFile(join(directory, name), maxBytes)
    await mkdir(join(directory, 'folder'))
    await symlink('file', join(directory, 'link'))
    await symlink('nowhere', join(directory, 'dangling'))
    expect(new TextDecoder().decode((await read('file')).bytes)).toBe('text')
    expect((await read('empty')).bytes).toHaveLength(0)
    expect((await read('file', 4)).bytes).toHaveLength(4)
    expect(await codeOf(() => read('file', 3))).toBe('INVALID_CONFIGURATION')
    for (const name of ['folder', 'link', 'dangling'])
      expect(await codeOf(() => read(name))).toBe('INVALID_CONFIGURATION')
    expect(await codeOf(() => read('absent'))).toBe('UNAVAILABLE_NOT_FOUND')
    expect(await codeOf(() => read('file/below'))).toBe('UNAVAILABLE_FILE')
    expect(await codeOf(() => read('absent\0'))).toBe('UNAVAILABLE_FILE')
  })
})

test('no permission is not "not found"', () => {
  for (const code of ['EACCES', 'EPERM']) expect(fileError({ code }, '/secret', 'read').code).toBe('DENIED_FILE')
})
