// SPDX-License-Identifier: Apache-2.0
// G1: a plugin is a regular file in a folder of its own in the plugin directory, and nothing else is run.
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findPlugin, isPluginName, listPlugins, openPlugin, pluginDirectory } from '@ocisign/notation-plugin'
import { describe, expect, test } from 'vitest'
import { code, makeFolder, makePlugins, writePlugin } from './support/plugins.js'

describe('G1: the name of a plugin', () => {
  const bad = [
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    '/tmp/x',
    '.hidden',
    '-x',
    'a b',
    'a\0b',
    'ä',
    'x'.repeat(201),
    'a\n',
  ]
  test.each(bad)('is not %j', async (name) => {
    const { directory } = await makePlugins()
    expect(isPluginName(name)).toBe(false)
    await expect(findPlugin(directory, name)).rejects.toMatchObject(code('INVALID_PLUGIN'))
    await expect(openPlugin({ directory, name })).rejects.toMatchObject(code('INVALID_PLUGIN'))
  })

  test.each(['a', 'com.example.plugin', 'azure-kv', 'A_b.1'])('may be %j', (name) => {
    expect(isPluginName(name)).toBe(true)
  })
})

describe('a plugin', () => {
  test('is found in its folder, under its exact name, and nowhere else', async () => {
    const { directory, name, path } = await makePlugins()
    expect(await findPlugin(directory, name)).toMatchObject({ name, path })
    await expect(findPlugin(directory, 'other')).rejects.toMatchObject(code('UNAVAILABLE_PLUGIN'))
    await expect(findPlugin(join(directory, 'none'), name)).rejects.toMatchObject(code('UNAVAILABLE_PLUGIN'))
    await expect(findPlugin('plugins', name)).rejects.toMatchObject(code('MISUSE_OPTION'))
    await expect(listPlugins('plugins')).rejects.toMatchObject(code('MISUSE_OPTION'))
    expect(pluginDirectory('/etc/notation')).toBe(join('/etc/notation', 'plugins'))
  })

  test('is not looked for on PATH', async () => {
    const { directory, folder, name } = await makePlugins()
    const empty = await makeFolder()
    await mkdir(join(empty, name))
    const options = { directory: empty, name, environment: { PATH: folder } }
    await expect(openPlugin(options)).rejects.toMatchObject(code('UNAVAILABLE_PLUGIN'))
    expect(directory).not.toBe(empty)
  })

  test('whose file is a symbolic link is refused', async () => {
    const { directory, folder, path, name } = await makePlugins()
    await rename(path, join(folder, 'real'))
    await symlink(join(folder, 'real'), path)
    await expect(openPlugin({ directory, name })).rejects.toMatchObject(code('INVALID_PLUGIN'))
  })

  test('whose folder is a symbolic link, or a file, is refused', async () => {
    const { directory, folder, name } = await makePlugins()
    const elsewhere = await makeFolder()
    await rename(folder, join(elsewhere, 'real'))
    await symlink(join(elsewhere, 'real'), folder)
    await expect(openPlugin({ directory, name })).rejects.toMatchObject(code('INVALID_PLUGIN'))
    await rm(folder)
    await writeFile(folder, '')
    await expect(openPlugin({ directory, name })).rejects.toMatchObject(code('INVALID_PLUGIN'))
  })

  test('whose file is a folder, or may not be executed, is refused', async () => {
    const { directory, path, name } = await makePlugins()
    await chmod(path, 0o644)
    await expect(openPlugin({ directory, name })).rejects.toMatchObject(code('INVALID_PLUGIN'))
    await rm(path)
    await mkdir(path)
    await expect(openPlugin({ directory, name })).rejects.toMatchObject(code('INVALID_PLUGIN'))
  })
})

describe('the list of plugins', () => {
  test('has every folder, by name, and what is wrong with it; nothing is run', async () => {
    const { directory, name, asked } = await makePlugins()
    await writePlugin(join(directory, 'b'), { name: 'b' })
    await mkdir(join(directory, 'a'))
    await mkdir(join(directory, '.hidden'))
    await writeFile(join(directory, 'file'), '')
    await symlink(join(directory, 'b'), join(directory, 'link'))
    const list = await listPlugins(directory)
    expect(list.map((each) => [each.name, each.error?.code])).toEqual([
      ['.hidden', 'INVALID_PLUGIN'],
      ['a', 'UNAVAILABLE_PLUGIN'],
      ['b', undefined],
      [name, undefined],
    ])
    expect(await asked()).toEqual([])
  })

  test('is empty where there is no directory, and an error where there is something else', async () => {
    const folder = await makeFolder()
    expect(await listPlugins(join(folder, 'none'))).toEqual([])
    await writeFile(join(folder, 'file'), '')
    await expect(listPlugins(join(folder, 'file'))).rejects.toMatchObject(code('UNAVAILABLE_FILE'))
  })
})
