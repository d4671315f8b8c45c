// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks'
import { describe, expect, test } from 'vitest'
import { isOcisignError } from '../../src/index.js'
import { parseDistinguishedName } from '../../src/notary/distinguished-name.js'

const codeOf = (run: () => unknown) => {
  try {
    run()
    return 'none'
  } catch (error) {
    return isOcisignError(error) ? error.code : error
  }
}
const read = (text: string) =>
  Object.fromEntries(parseDistinguishedName(text).map(({ type, value }) => [type, value] as const))
const base = { C: 'US', ST: 'WA', O: 'x' }

// Each row was compared with ParseDistinguishedName of notation-go v1.3.2.
describe('names that the reference reads', () => {
  test.each([
    ['C=US,ST=WA,O=x', base],
    ['  C = US , ST=WA; O=x  ', base],
    ['C=US,S=WA,O=x', base],
    ['O=x,ST=WA,C=US', base],
    ['C=US,ST=WA,O=x,CN=a=b', { ...base, CN: 'a=b' }],
    ['C=US,ST=WA,O=Acme\\, Inc', { ...base, O: 'Acme, Inc' }],
    ['C=US,ST=WA,O=Acme\\2C Inc', { ...base, O: 'Acme, Inc' }],
    ['C=US,ST=WA,O=a\\+b\\;c', { ...base, O: 'a+b;c' }],
    ['C=US,ST=WA,O=x,CN=\\#1', { ...base, CN: '#1' }],
    ['C=US,ST=WA,O=x,CN= #1', { ...base, CN: '#1' }],
    ['C=US,ST=WA,O=x,CN=a\\\\b\\"c', { ...base, CN: 'a\\b"c' }],
    ['C=US,ST=WA,O=L\\c3\\A9on', { ...base, O: 'Léon' }],
    ['C=US,ST=WA,O=x\\00', { ...base, O: 'x\0' }],
    ['C=US,ST=WA,O=\\ x\\ ', { ...base, O: ' x ' }],
    ['C=US,ST=WA,O=x  \\  ', { ...base, O: 'x   ' }],
    ['C=US,ST=WA,O="x"', { ...base, O: '"x"' }],
    ['C=US,ST=WA,O=x,2.5.4.65=p', { ...base, '2.5.4.65': 'p' }],
    ['C=US,ST=WA,O=x,cn=lower', { ...base, cn: 'lower' }],
    ['C=US,ST=WA,O=x,CN=a\nb', { ...base, CN: 'a\nb' }],
    ['C=US,ST=WA,O=\t', { ...base, O: '\t' }],
  ])('%j', (text, expected) => expect(read(text)).toEqual(expected))
})

describe('names that nobody reads', () => {
  test.each([
    ['empty', ''],
    ['blank', '   '],
    ['no C', 'ST=WA,O=x'],
    ['no ST', 'C=US,O=x'],
    ['no O', 'C=US,ST=WA'],
    ['lower-case types', 'c=US,st=WA,o=x'],
    ['S beside ST', 'C=US,S=WA,ST=WA,O=x'],
    ['an attribute twice', 'C=US,ST=WA,O=x,OU=a,OU=b'],
    ['multi-valued', 'C=US+ST=WA,O=x'],
    ['trailing plus', 'C=US,ST=WA,O=x+'],
    ['trailing comma', 'C=US,ST=WA,O=x,'],
    ['trailing semicolon', 'C=US,ST=WA,O=x;'],
    ['leading comma', ',C=US,ST=WA,O=x'],
    ['unescaped comma', 'C=US,ST=WA,O=Acme, Inc'],
    ['quoted comma', 'C=US,ST=WA,O="Acme, Inc"'],
    ['hexadecimal value', 'C=US,ST=WA,O=#0c0178'],
    ['=# inside a value', 'C=US,ST=WA,O=x,CN=a=#b'],
    ['escape of nothing', 'C=US,ST=WA,O=\\x'],
    ['escape at the end', 'C=US,ST=WA,O=x\\'],
    ['part that ends in a backslash', 'C=US,ST=WA,O=x,a\\'],
    ['plus in a part without "="', 'C=US,ST=WA,O=x,a+\\'],
    ['half an escape', 'C=US,ST=WA,O=\\2'],
    ['escape beyond ASCII', 'C=US,ST=WA,O=\\éé'],
    ['wildcard', '*'],
    // The reference reads these: there, an attribute without a value matches its absence, and a type may be anything.
    ['escapes that are not UTF-8', 'C=US,ST=WA,O=\\ff\\fe'],
    ['empty value', 'C=US,ST=WA,O=x,OU='],
    ['empty value, then another', 'C=US,ST=WA,O=x,OU=,OU=a'],
    ['no type', '=C=US,ST=WA,O=x'],
    ['escaped type', '\\43=US,ST=WA,O=x'],
    ['type with a space', 'C=US,ST=WA,O=x,My Type=y'],
  ])('%s', (_, text) => expect(codeOf(() => parseDistinguishedName(text))).toBe('INVALID_DISTINGUISHED_NAME'))
})

describe('hostile names end quickly', () => {
  test.each([
    ['CVE-2023-25656: BER length', 'C=US,ST=WA,O=#0484FFFFFFFF41'],
    ['one megabyte', `C=US,ST=WA,O=${'x'.repeat(1 << 20)}`],
    ['spaces', `C=US,ST=WA,O=${' '.repeat(8000)}x${' '.repeat(100)}\\`],
    ['backslashes', `C=US,ST=WA,O=${'\\'.repeat(8001)}`],
    ['commas', ','.repeat(8000)],
    ['attributes', `${'A=b,'.repeat(2000)}C=US`],
    ['escapes', `C=US,ST=WA,O=${'\\41'.repeat(2500)}\\`],
  ])('%s', (_, text) => {
    const start = performance.now()
    expect(codeOf(() => parseDistinguishedName(text))).toBe('INVALID_DISTINGUISHED_NAME')
    expect(performance.now() - start).toBeLessThan(100)
  })
})

test('a name says nothing that a terminal obeys', () => {
  try {
    parseDistinguishedName('C=US,\u001b[2J')
    expect.unreachable()
  } catch (error) {
    expect((error as Error).message).not.toContain('\u001b')
  }
})
