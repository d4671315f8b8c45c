// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createDerReader, finish } from '../../src/x509/der.js'
import { checkName, formatName, parseName } from '../../src/x509/name.js'
import { codeOf } from './code.js'
import { attribute, bytes, commonName, name, oid, sequence, set, tlv, utf8 } from './make.js'

/** Names, and what Go 1.26's `pkix.Name.String()` says of them; null where Go refuses the certificate. */
interface NameCase {
  readonly name: string
  readonly der: string
  readonly go: string | null
}

const file = new URL('testdata/names.json', import.meta.url)
const cases = JSON.parse(readFileSync(file, 'utf8')) as readonly NameCase[]

// Go reads these; they are not DER, or not what RFC 5280 calls a name.
const stricter = ['value with a trailing byte', 'empty set', 'unsorted set', 'the same twice in a set']
const fromHex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
const check = (der: Uint8Array) => {
  const reader = createDerReader(der)
  const empty = checkName(reader)
  finish(reader)
  return empty
}

describe('a name is written as Go writes it, or refused', () => {
  test.each(cases)('$name', ({ name, der, go }) => {
    const bytes = fromHex(der)
    if (go === null || stricter.includes(name)) {
      expect(codeOf(() => formatName(bytes))).toMatch(/^INVALID_(DER|CERTIFICATE)$/)
      // A certificate is refused when it is read, not when its name is first asked for.
      expect(codeOf(() => check(bytes))).toBe(codeOf(() => formatName(bytes)))
    } else {
      expect(formatName(bytes)).toBe(go)
      expect(check(bytes)).toBe(parseName(bytes).length === 0)
    }
  })

  test('every case that is stricter than Go is still one', () => {
    expect(cases.filter((each) => stricter.includes(each.name) && each.go !== null).length).toBe(stricter.length)
  })
})

describe('parsing', () => {
  test('keeps the order, the grouping and the short names', () => {
    const der = sequence(
      set(attribute('2.5.4.6', tlv(0x13, bytes(0x55, 0x53)))),
      set(attribute('2.5.4.3', utf8('a')), attribute('2.5.4.10', utf8('b'))),
      set(attribute('2.999.1', utf8('c'))),
    )
    expect(parseName(der)).toEqual([
      [{ oid: '2.5.4.6', type: 'C', value: 'US' }],
      [
        { oid: '2.5.4.3', type: 'CN', value: 'a' },
        { oid: '2.5.4.10', type: 'O', value: 'b' },
      ],
      [{ oid: '2.999.1', value: 'c' }],
    ])
  })

  test.each([
    ['nothing', bytes()],
    ['no SEQUENCE', set()],
    ['bytes after it', Uint8Array.from([...commonName('x'), 0])],
    ['an attribute without a type', name(sequence(utf8('x')))],
    ['an attribute without a value', name(sequence(oid('2.5.4.3')))],
    ['an attribute with two values', name(sequence(oid('2.5.4.3'), utf8('x'), utf8('y')))],
    ['an attribute that is no SEQUENCE', sequence(set(oid('2.5.4.3')))],
    ['a value with a high tag', name(sequence(oid('2.5.4.3'), bytes(0x1f, 0x81, 0x01, 0x00)))],
    ['a constructed string', name(sequence(oid('2.5.4.3'), tlv(0x2c, utf8('x'))))],
  ])('%s is refused', (_, der) => expect(codeOf(() => parseName(der))).toMatch(/^INVALID_(DER|CERTIFICATE)$/))

  test('a name as long as a certificate may be costs little', () => {
    const der = sequence(...Array.from({ length: 4000 }, () => set(attribute('2.5.4.11', utf8('a')))))
    const started = performance.now()
    expect(formatName(der).length).toBe(4000 * 5 - 1)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
