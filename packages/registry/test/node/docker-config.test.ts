// SPDX-License-Identifier: Apache-2.0
import { encodeText, isOcisignError } from '@ocisign/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzParameters } from '../../../core/test/fuzz.js'
import { credentialOf, parseDockerConfig } from '../../src/node/docker-config.js'
import { keysFor, normalizeHost, parseServerKey } from '../../src/node/server-names.js'
import { caught, textOf } from '../auth/support.js'

const parse = (content: unknown) =>
  parseDockerConfig(encodeText(typeof content === 'string' ? content : JSON.stringify(content)), '/home/me/config.json')
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('files as they are written', () => {
  test('by docker, podman and others, with members that are none of our business', () => {
    const config = parse({
      auths: { 'ghcr.io': { auth: base64('a:b'), email: 'a@b' }, 'quay.io': {}, 'gcr.io': null },
      credsStore: 'desktop',
      credHelpers: { 'public.ecr.aws': 'ecr-login' },
      HttpHeaders: { 'User-Agent': 'Docker' },
      proxies: { default: { httpProxy: 'http://proxy' } },
      currentContext: 'default',
    })
    expect([...config.auths.keys()]).toEqual(['ghcr.io', 'quay.io', 'gcr.io'])
    expect(config.credsStore).toBe('desktop')
    expect(config.credHelpers).toEqual(new Map([['public.ecr.aws', 'ecr-login']]))
  })

  test.each(['', ' \n', '{}', '{"auths":null,"credHelpers":null,"credsStore":null}', '{"credsStore":""}'])(
    '%j says nothing',
    (text) => {
      expect(parse(text)).toEqual({ auths: new Map(), credHelpers: new Map(), credsStore: undefined })
    },
  )
})

describe('files that cannot be used', () => {
  test.each<unknown>([
    '[]',
    'null',
    '{',
    '{"auths":{}}x',
    '\ufeff{}',
    '{"auths":{},"auths":{}}',
    '{"auths":{"a":{"auth":"","auth":""}}}',
    { Auths: {} },
    { AUTHS: {}, auths: {} },
    { credhelpers: {} },
    { credsstore: 'x' },
    { auths: [] },
    { auths: 'x' },
    { auths: { a: [] } },
    { auths: { a: 'x' } },
    { auths: { a: { auth: 5 } } },
    { auths: { a: { Auth: 'x' } } },
    { auths: { a: { identityToken: 'x' } } },
    { credHelpers: { a: 5 } },
    { credHelpers: [] },
    { credsStore: {} },
    `${'{"x":'.repeat(40)}1${'}'.repeat(40)}`,
  ])('%j', async (content) => {
    const error = await caught(() => parse(content))
    expect(error.code).toBe('INVALID_CONFIGURATION')
    expect(error.details).toEqual({ path: '/home/me/config.json' })
  })

  test('are not UTF-8', async () => {
    expect((await caught(() => parseDockerConfig(new Uint8Array([0x7b, 0xff, 0x7d]), 'x'))).code).toBe(
      'INVALID_CONFIGURATION',
    )
  })
})

describe('an entry', () => {
  const entryOf = (entry: unknown) => credentialOf(parse({ auths: { host: entry } }).auths.get('host')!, 'host', 'x')

  test.each<[unknown, unknown]>([
    [{}, undefined],
    [{ auth: '' }, undefined],
    [{ auth: base64(':') }, undefined],
    [{ email: 'x' }, undefined],
    [{ auth: base64('a:b:c') }, { username: 'a', password: 'b:c' }],
    [{ auth: base64('a:b\0\0') }, { username: 'a', password: 'b' }],
    [{ auth: base64('\u00fc:\u00df') }, { username: '\u00fc', password: '\u00df' }],
    [{ auth: base64('a:') }, { username: 'a', password: '' }],
    [
      { username: 'a', password: 'b' },
      { username: 'a', password: 'b' },
    ],
    [
      { auth: base64('a:b'), username: 'c', password: 'd' },
      { username: 'a', password: 'b' },
    ],
    [{ auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 't' }, { identityToken: 't' }],
    [{ identitytoken: 't', registrytoken: 'r' }, { registryToken: 'r' }],
    [
      { identitytoken: '', registrytoken: null, auth: base64('a:b') },
      { username: 'a', password: 'b' },
    ],
  ])('%j', (entry, expected) => {
    expect(entryOf(entry)).toEqual(expected)
  })

  test.each(['hunter2', 'aHVudGVyMg', 'aHVudGVyMg==', 'aHVudGVyMjp4\n', '/////w=='])(
    '%j is none, and is not shown',
    async (auth) => {
      const error = await caught(() => entryOf({ auth }))
      expect(error.code).toBe('INVALID_CONFIGURATION')
      expect(error.message).toContain('auths["host"].auth')
      for (const each of ['hunter2', 'aHVudGVyMg']) expect(textOf(error)).not.toContain(each)
    },
  )
})

describe('keys', () => {
  test.each<[string, string | undefined, string?]>([
    ['ghcr.io', 'ghcr.io', ''],
    ['GHCR.io', 'ghcr.io', ''],
    ['ghcr.io/', 'ghcr.io', ''],
    ['https://ghcr.io', 'ghcr.io', ''],
    ['https://ghcr.io/v1/', 'ghcr.io', ''],
    ['http://localhost:5000/v2/', 'localhost:5000', ''],
    ['[::1]:5000', '[::1]:5000', ''],
    ['quay.io/org/app', 'quay.io', 'org/app'],
    ['https://index.docker.io/v1/', 'docker.io', ''],
    ['index.docker.io/v1/', 'docker.io', ''],
    ['docker.io/library', 'docker.io', 'library'],
    ['registry-1.docker.io', 'docker.io', ''],
    ['azurecr.io@evil.io', undefined],
    ['https://azurecr.io@evil.io/', undefined],
    ['https://azurecr.io:x@evil.io/', undefined],
    ['ghcr.io:port', undefined],
    ['*.azurecr.io', undefined],
    ['ghcr.io?x', undefined],
    ['ghcr.io.', undefined],
    [' ghcr.io', undefined],
    ['https://', undefined],
    ['', undefined],
    ['ftp://ghcr.io', undefined],
  ])('%j', (key, host, path) => {
    const parsed = parseServerKey(key)
    expect(parsed && { host: parsed.host, path: parsed.path }).toEqual(host === undefined ? undefined : { host, path })
  })

  test('the longest path on its boundaries comes first, then the host, then addresses', () => {
    const keys = [
      'https://q.io/v1/',
      'q.io',
      'q.io/org',
      'q.io/org/app',
      'q.io/org/ap',
      'q.io/or',
      'q.io/org/app/x',
      'q.io.evil.io',
      'xq.io',
    ]
    expect(keysFor(keys, 'q.io', 'org/app')).toEqual(['q.io/org/app', 'q.io/org', 'q.io', 'https://q.io/v1/'])
    expect(keysFor(keys, 'q.io', '')).toEqual(['q.io', 'https://q.io/v1/'])
    expect(keysFor(['docker.io', 'https://index.docker.io/v1/'], 'docker.io', 'library/a')).toEqual([
      'https://index.docker.io/v1/',
      'docker.io',
    ])
  })
})

test('whatever the file is, it is read or refused, and entries are only about the hosts that they name', () => {
  const key = fc.constantFrom(
    'ghcr.io',
    'https://ghcr.io/',
    'ghcr.io/a',
    'ghcr.io.evil.io',
    'azurecr.io@ghcr.io',
    '__proto__',
    'constructor',
    '',
    'a:b',
  )
  const entry = fc.dictionary(
    fc.constantFrom('auth', 'username', 'password', 'identitytoken', 'registrytoken', '__proto__', 'x'),
    fc.oneof(fc.constantFrom(base64('a:b'), '', null, 5), fc.string()),
  )
  const document = fc.oneof(
    fc.record(
      {
        auths: fc.dictionary(key, fc.oneof(entry, fc.constant(null))),
        credHelpers: fc.dictionary(key, fc.constantFrom('x', '')),
        credsStore: fc.constantFrom('y', '', 5),
      },
      { requiredKeys: [] },
    ),
    fc.jsonValue({ maxDepth: 4 }),
  )
  const damaged = fc
    .tuple(document, fc.array(fc.tuple(fc.nat(400), fc.nat(127)), { maxLength: 2 }))
    .map(([value, edits]) => {
      const bytes = encodeText(JSON.stringify(value))
      for (const [at, byte] of edits) if (at < bytes.length) bytes[at] = byte
      return bytes
    })
  let readable = 0
  const property = fc.property(damaged, (bytes) => {
    try {
      const config = parseDockerConfig(bytes, 'x')
      readable++
      for (const each of keysFor(config.auths.keys(), 'ghcr.io', 'a')) {
        expect(['ghcr.io', 'ghcr.io/a']).toContain(
          each
            .toLowerCase()
            .replace(/^https?:\/\//, '')
            .replace(/\/$/, ''),
        )
        credentialOf(config.auths.get(each)!, each, 'x')
      }
      expect(({} as { auth?: unknown }).auth).toBeUndefined()
    } catch (error) {
      if (!isOcisignError(error)) throw error
      expect(error.code).toBe('INVALID_CONFIGURATION')
    }
  })
  fc.assert(property, fuzzParameters('parseDockerConfig'))
  expect(readable).toBeGreaterThan(0)
})

test('whatever a key is, its host is one', () => {
  const property = fc.property(fc.oneof(fc.webUrl(), fc.domain(), fc.string(), fc.ipV6()), (key) => {
    const parsed = parseServerKey(key)
    if (parsed) expect(normalizeHost(parsed.host)).toBe(parsed.host)
  })
  fc.assert(property, fuzzParameters('parseServerKey'))
})
