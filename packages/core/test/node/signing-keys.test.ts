// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeText } from '../../src/bytes.js'
import { isOcisignError } from '../../src/errors.js'
import { addSigningKey, findSigningKey, parseSigningKeys, readSigningKeys } from '../../src/node/signing-keys.js'
import { fuzzParameters } from '../fuzz.js'
import { codeOf, listAll, withDirectory } from './temporary.js'

const local = { name: 'k', keyPath: '/keys/k.key', certPath: '/keys/k.crt' }
const plugin = { name: 'p', id: 'arn:1', pluginName: 'kms', pluginConfig: { region: 'eu' } }
const parse = (value: unknown) => parseSigningKeys(encodeText(JSON.stringify(value)))
const problemPaths = (text: string) => {
  try {
    parseSigningKeys(encodeText(text))
    return []
  } catch (error) {
    if (isOcisignError(error, 'INVALID_CONFIGURATION')) return error.details.problems!.map(({ path }) => path)
    throw error
  }
}

describe('reading', () => {
  test('keys in files and of plugins', () => {
    expect(parse({ default: 'k', keys: [local, plugin] })).toEqual({
      defaultKey: 'k',
      keys: [{ name: 'k', keyPath: '/keys/k.key', certificatePath: '/keys/k.crt' }, plugin],
    })
    expect(parse({ keys: [{ name: 'p', id: 'a', pluginName: 'b' }] }).keys).toEqual([
      { name: 'p', id: 'a', pluginName: 'b', pluginConfig: {} },
    ])
  })
  test('none at all, as Notation writes it', async () => {
    for (const none of [{}, { keys: [] }, { keys: null }, { default: null, keys: [] }])
      expect(parse(none)).toEqual({ keys: [] })
    await withDirectory({}, async (directory) => expect(await readSigningKeys(directory)).toEqual({ keys: [] }))
  })

  test.each<[string, unknown, string[]]>([
    ['a list', [], ['']],
    ['an unknown member', { keys: [], key: 1 }, ['key']],
    ['a member in another case', { Keys: [] }, ['Keys']],
    ['keys that are no list', { keys: {} }, ['keys']],
    ['a key that is none', { keys: ['k'] }, ['keys[0]']],
    ['a key without a name', { keys: [{ ...local, name: undefined }] }, ['keys[0].name']],
    ['an empty name', { keys: [{ ...local, name: '' }] }, ['keys[0].name']],
    ['a name twice', { keys: [local, { ...plugin, name: 'k' }] }, ['keys[1].name']],
    ['a default that is not there', { default: 'x', keys: [local] }, ['default']],
    ['an empty default', { default: '', keys: [local] }, ['default']],
    ['a default that is a number', { default: 1, keys: [local] }, ['default']],
    ['a key without a certificate', { keys: [{ ...local, certPath: undefined }] }, ['keys[0].certPath']],
    ['a certificate without a key', { keys: [{ ...local, keyPath: undefined }] }, ['keys[0].keyPath']],
    ['a name and nothing else', { keys: [{ name: 'k' }] }, ['keys[0]']],
    ['both kinds in one', { keys: [{ ...local, ...plugin }] }, ['keys[0]']],
    ['a plugin without a key', { keys: [{ ...plugin, id: undefined }] }, ['keys[0].id']],
    [
      'settings that are no texts',
      { keys: [{ ...plugin, pluginConfig: { a: 1, b: '' } }] },
      ['keys[0].pluginConfig.a'],
    ],
    ['settings that are a list', { keys: [{ ...plugin, pluginConfig: [] }] }, ['keys[0].pluginConfig']],
  ])('%s is refused', (_, value, paths) => expect(problemPaths(JSON.stringify(value))).toEqual(paths))

  test('what is no JSON, or has a member twice, is refused', () => {
    for (const text of ['', '{', '{"keys":[],"keys":[]}', '\ufeff{}']) expect(problemPaths(text)).toEqual([''])
  })

  test('J1: names from the prototype are names', () => {
    const { keys } = parseSigningKeys(
      encodeText('{"keys":[{"name":"__proto__","id":"i","pluginName":"p","pluginConfig":{"__proto__":"x"}}]}'),
    )
    expect(Object.keys((keys[0] as { pluginConfig: object }).pluginConfig)).toEqual(['__proto__'])
    expect(findSigningKey({ keys }, '__proto__')).toBe(keys[0])
    expect(problemPaths('{"__proto__":{"keys":[]}}')).toEqual(['__proto__'])
  })
})

test('finding a key', async () => {
  const keys = parse({ default: 'k', keys: [local, plugin] })
  expect(findSigningKey(keys).name).toBe('k')
  expect(findSigningKey(keys, 'p').name).toBe('p')
  for (const [all, name] of [
    [keys, 'x'],
    [keys, ''],
    [parse({ keys: [local] }), undefined],
  ] as const)
    expect(await codeOf(() => findSigningKey(all, name))).toBe('MISUSE_OPTION')
})

describe('adding a key', () => {
  const key = (name: string) => ({ name, keyPath: `/keys/${name}.key`, certificatePath: `/keys/${name}.crt` })

  test('makes the first one the default, and keeps what was there', async () => {
    await withDirectory({}, async (parent) => {
      const directory = join(parent, 'notation')
      await addSigningKey(directory, key('a'))
      await addSigningKey(directory, key('b'))
      expect(await readSigningKeys(directory)).toEqual({ defaultKey: 'a', keys: [key('a'), key('b')] })
      await addSigningKey(directory, key('c'), { makeDefault: true })
      expect((await readSigningKeys(directory)).defaultKey).toBe('c')
      expect(await listAll(directory)).toEqual(['signingkeys.json'])
      expect((await stat(join(directory, 'signingkeys.json'))).mode & 0o777).toBe(0o600)
    })
  })
  test('writes what Notation reads', async () => {
    await withDirectory({ 'signingkeys.json': JSON.stringify({ keys: [plugin] }) }, async (directory) => {
      await addSigningKey(directory, key('a'), { makeDefault: true })
      expect(JSON.parse(await readFile(join(directory, 'signingkeys.json'), 'utf8'))).toEqual({
        default: 'a',
        keys: [plugin, { name: 'a', keyPath: '/keys/a.key', certPath: '/keys/a.crt' }],
      })
    })
  })
  test('leaves the file alone where it cannot be added', async () => {
    const text = JSON.stringify({ keys: [local] })
    await withDirectory({ 'signingkeys.json': text }, async (directory) => {
      expect(await codeOf(() => addSigningKey(directory, key('k')))).toBe('MISUSE_OPTION')
      expect(await codeOf(() => addSigningKey(directory, key('')))).toBe('INVALID_CONFIGURATION')
      expect(await readFile(join(directory, 'signingkeys.json'), 'utf8')).toBe(text)
    })
    await withDirectory({ 'signingkeys.json': '{' }, async (directory) => {
      expect(await codeOf(() => addSigningKey(directory, key('a')))).toBe('INVALID_CONFIGURATION')
    })
  })
})

test('fuzz: parseSigningKeys throws INVALID_CONFIGURATION only', () => {
  const text = fc.constantFrom('', 'k', 'p', '__proto__')
  const names = fc.constantFrom('name', 'keyPath', 'certPath', 'id', 'pluginName', 'pluginConfig', 'Name')
  const key = fc.dictionary(names, fc.oneof(text, fc.jsonValue()), { maxKeys: 4 })
  const whole = fc.record(
    { default: fc.oneof(text, fc.jsonValue()), keys: fc.oneof(fc.array(key), fc.jsonValue()) },
    { requiredKeys: [] },
  )
  const valid = encodeText(JSON.stringify({ default: 'k', keys: [local, plugin] }))
  const changed = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 3 }).map((edits) => {
    const bytes = new Uint8Array(valid)
    for (const [position, value] of edits) bytes[position] = value
    return bytes
  })
  fc.assert(
    fc.property(
      fc.oneof(
        changed,
        whole.map((each) => encodeText(JSON.stringify(each))),
        fc.uint8Array(),
      ),
      (bytes) => {
        try {
          const { defaultKey, keys } = parseSigningKeys(bytes)
          expect(new Set(keys.map(({ name }) => name)).size).toBe(keys.length)
          if (defaultKey !== undefined) expect(findSigningKey({ defaultKey, keys }).name).toBe(defaultKey)
        } catch (error) {
          expect(isOcisignError(error, 'INVALID_CONFIGURATION')).toBe(true)
        }
      },
    ),
    fuzzParameters('parseSigningKeys'),
  )
})
