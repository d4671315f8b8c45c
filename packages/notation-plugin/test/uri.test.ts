// SPDX-License-Identifier: Apache-2.0
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { openKey, parsePluginUri, scheme } from '@ocisign/notation-plugin/uri'
import { describe, expect, test } from 'vitest'
import { code, makeFolder, makePlugins } from './support/plugins.js'

describe('the URI of a key of a plugin', () => {
  test('says which plugin, which key, and its settings', () => {
    expect(scheme).toBe('notation-plugin')
    const uri = 'notation-plugin:com.example?id=https%3A%2F%2Fvault%2Fkey&plugin-config=a%3Db%3Dc&plugin-config=d%3D'
    expect(parsePluginUri(uri)).toEqual({ name: 'com.example', id: 'https://vault/key', config: { a: 'b=c', d: '' } })
  })

  test.each([
    'notation-plugin:',
    'notation-plugin:x',
    'notation-plugin:x?id=',
    'notation-plugin:x?id=1&id=2',
    'notation-plugin:x?id=1#2',
    'notation-plugin:x/../y?id=1',
    'notation-plugin://x?id=1',
    'notation-plugin:x?id=1&other=2',
    'notation-plugin:x?id=1&plugin-config=a',
    'notation-plugin:x?id=1&plugin-config=a%3D1&plugin-config=a%3D2',
    'file:x?id=1',
  ])('%s is none', (uri) => {
    expect(() => parsePluginUri(uri)).toThrow(expect.objectContaining(code('INVALID_KEY')))
  })

  test('opens a key of a plugin in the configuration of Notation', async () => {
    const { directory, name } = await makePlugins()
    const home = await makeFolder()
    await rename(directory, join(home, 'plugins'))
    const uri = `notation-plugin:${name}?id=k&plugin-config=a%3Db`
    const key = await openKey(uri, { directory: join(home, 'plugins') })
    expect(key.id).toBe(`notation-plugin:${name}?id=k`)
    await rename(home, `${home}-2`)
    const configured = await makeFolder()
    await rename(`${home}-2`, join(configured, 'notation'))
    const environment = { XDG_CONFIG_HOME: configured, HOME: configured, PATH: process.env.PATH }
    if (process.platform === 'linux') await expect(openKey(uri, { environment })).resolves.toMatchObject({ id: key.id })
  })
})
