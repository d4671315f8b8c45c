// SPDX-License-Identifier: Apache-2.0
import { isOcisignError } from '@ocisign/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzParameters } from '../../../core/test/fuzz.js'
import { addressKind } from '../../src/auth/address.js'
import { parseRealm } from '../../src/auth/realm.js'
import { caught, targetOf, textOf } from './support.js'

const parse = (realm: string, origin: string) => parseRealm(realm, targetOf(origin)).href

describe('token services that credentials go to', () => {
  test.each([
    ['https://auth.docker.io/token', 'https://registry-1.docker.io'],
    ['https://ghcr.io/token', 'https://ghcr.io'],
    ['https://x.azurecr.io/oauth2/token', 'https://x.azurecr.io'],
    ['https://gitlab.example/jwt/auth?service=registry', 'https://registry.gitlab.example:5050'],
    ['HTTPS://Auth.Example/token', 'https://registry.example'],
    ['https://auth.example/token', 'http://registry.example:5000'],
    // The same host, whatever its address.
    ['http://registry.example:5000/token', 'http://registry.example:5000'],
    ['https://10.0.0.5:5001/token', 'https://10.0.0.5'],
    ['https://169.254.1.1/token', 'https://169.254.1.1:5000'],
    ['http://10.0.0.5:5000/token', 'http://10.0.0.5:5000'],
    // This machine: any port, by any name.
    ['http://localhost:5017/token', 'http://127.0.0.1:5007'],
    ['http://127.0.0.1:5017/token', 'http://localhost:5007'],
    ['http://[::1]:5017/token', 'http://127.0.0.1:5007'],
    ['https://10.0.0.6/token', 'https://10.0.0.5'],
    ['https://[fd00::6]/token', 'https://192.168.1.2'],
    ['https://10.0.0.6/token', 'http://127.0.0.1:5000'],
  ])('%s for %s', (realm, origin) => {
    expect(parse(realm, origin)).toBe(new URL(realm).href)
  })
})

describe('token services that credentials do not go to', () => {
  test.each([
    // Not https.
    ['http://auth.example/token', 'https://registry.example'],
    ['http://registry.example/token', 'https://registry.example'],
    ['http://auth.example/token', 'http://registry.example'],
    ['http://registry.example:81/token', 'http://registry.example'],
    ['http://10.0.0.5:5001/token', 'http://10.0.0.5:5000'],
    ['http://10.0.0.5:5001/token', 'http://127.0.0.1:5000'],
    ['http://127.0.0.1:5001/token', 'http://10.0.0.5:5000'],
    ['ftp://registry.example/token', 'https://registry.example'],
    ['file:///etc/passwd', 'https://registry.example'],
    ['data:,token', 'https://registry.example'],
    ['javascript:1', 'https://registry.example'],
    // Not an address.
    ['', 'https://registry.example'],
    ['/token', 'https://registry.example'],
    ['//auth.example/token', 'https://registry.example'],
    ['registry.example/token', 'https://registry.example'],
    ['https://', 'https://registry.example'],
    ['https://a b/', 'https://registry.example'],
    ['https:\\\\auth.example/', 'https://registry.example'],
    ['https://auth.example\\@evil.io/', 'https://registry.example'],
    ['\thttps://auth.example/', 'https://registry.example'],
    ['https://auth.ex\u200bample/', 'https://registry.example'],
    ['https://auth.example/#x', 'https://registry.example'],
    [`https://auth.example/${'x'.repeat(2048)}`, 'https://registry.example'],
    // With a name in it.
    ['https://user@auth.example/', 'https://registry.example'],
    ['https://user:password@auth.example/', 'https://registry.example'],
    ['https://:password@auth.example/', 'https://registry.example'],
  ])('%s for %s', async (realm, origin) => {
    const error = await caught(() => parse(realm, origin))
    expect(error.code).toBe('UNAVAILABLE_REALM')
    expect(error.message).not.toMatch(/\p{Cc}/u)
    expect(textOf(error)).not.toContain('password@')
  })
})

const private4 = [
  '127.0.0.1',
  '127.255.1.2',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
]
const others4 = [
  '100.64.0.1',
  '100.100.100.200',
  '198.18.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '192.0.0.192',
]

/** The spellings of an IPv4 address that addresses on the web may have. */
function spellings(address: string): readonly string[] {
  const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number]
  const number = ((a * 256 + b) * 256 + c) * 256 + d
  const hex = (value: number) => `0x${value.toString(16)}`
  const groups = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  return [
    address,
    `${address}.`,
    String(number),
    hex(number),
    `0${number.toString(8)}`,
    `${hex(a)}.${b}.0${c.toString(8)}.${d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    address.replaceAll(/\d/g, (digit) => encodeURIComponent(String.fromCodePoint(0xff10 + Number(digit)))),
    `%3${address[0]}${address.slice(1)}`,
    `[::ffff:${address}]`,
    `[::ffff:${groups}]`,
    `[0:0:0:0:0:FFFF:${groups}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[2002:${groups}::1]`,
  ]
}

describe('SSRF: a public registry does not lead to addresses that are not public', () => {
  test.each([...private4, ...others4])('%s in every spelling', async (address) => {
    for (const host of spellings(address)) {
      const error = await caught(() => parse(`https://${host}/token`, 'https://registry.example'))
      expect(error.code, host).toBe('UNAVAILABLE_REALM')
    }
  })

  test.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    'auth.localhost',
    '[::1]',
    '[::]',
    '[fc00::1]',
    '[fdff:ffff::1]',
    '[fe80::1]',
    '[febf::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[64:ff9b:1::a00:1]',
    '[::ffff:0:127.0.0.1]',
  ])('%s', async (host) => {
    expect((await caught(() => parse(`https://${host}/token`, 'https://registry.example'))).code).toBe(
      'UNAVAILABLE_REALM',
    )
  })

  test('nor does one on another kind of network', async () => {
    for (const [realm, origin] of [
      ['https://127.0.0.1/', 'https://10.0.0.5'],
      ['https://169.254.169.254/', 'https://10.0.0.5'],
      ['https://169.254.169.254/', 'http://127.0.0.1:5000'],
      ['https://0.0.0.0/', 'http://127.0.0.1:5000'],
      ['https://10.0.0.5/', 'https://169.254.1.1'],
    ] as const)
      expect((await caught(() => parse(realm, origin))).code, realm).toBe('UNAVAILABLE_REALM')
  })

  test('public addresses are public', () => {
    for (const host of [
      '8.8.8.8',
      '172.32.0.1',
      '100.128.0.1',
      '192.0.2.1',
      '11.0.0.1',
      '169.253.1.1',
      '1.2.3.4.example',
    ])
      expect(addressKind(host), host).toBe('public')
    for (const host of [
      '[2606:4700::1111]',
      '[::ffff:808:808]',
      '[2002:808:808::1]',
      '[64:ff9b::808:808]',
      'mylocalhost',
    ])
      expect(addressKind(new URL(`https://${host}`).hostname), host).toBe('public')
  })
})

test('whatever a realm is, credentials go to https, to the registry itself, or nowhere', () => {
  const piece = fc.constantFrom(
    'https',
    'http',
    '://',
    '/',
    '@',
    ':',
    '127.0.0.1',
    'evil.io',
    'registry.example',
    '[::1]',
    '?',
    '#',
    '\\',
    '%',
    '.',
    'x',
    ' ',
  )
  const anything = fc.oneof(
    fc.array(piece, { maxLength: 10 }).map((all) => all.join('')),
    fc.webUrl(),
    fc.string(),
  )
  let accepted = 0
  const property = fc.property(anything, (realm) => {
    try {
      const url = parseRealm(realm, targetOf('https://registry.example'))
      accepted++
      expect(url.protocol).toBe('https:')
      expect(url.username + url.password + url.hash).toBe('')
      expect(addressKind(url.hostname)).toBe('public')
    } catch (error) {
      if (!isOcisignError(error)) throw error
      expect(error.code).toBe('UNAVAILABLE_REALM')
    }
  })
  fc.assert(property, fuzzParameters('parseRealm'))
  expect(accepted).toBeGreaterThan(0)
})
