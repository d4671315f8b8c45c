// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeDateTime, readDateTime } from '../../../src/notary/format/date-time.js'
import { fuzzParameters } from '../../fuzz.js'

test.each([
  ['2026-11-20T10:20:30Z', '2026-11-20T10:20:30.000Z', false],
  ['2026-11-20T10:20:30+02:00', '2026-11-20T08:20:30.000Z', false],
  ['2026-11-20T10:20:30-05:30', '2026-11-20T15:50:30.000Z', false],
  ['2026-11-20T10:20:30-00:00', '2026-11-20T10:20:30.000Z', false],
  ['2026-11-20T10:20:30+23:59', '2026-11-19T10:21:30.000Z', false],
  ['2026-11-20T10:20:30.5Z', '2026-11-20T10:20:30.000Z', true],
  ['2026-11-20T10:20:30.000000001Z', '2026-11-20T10:20:30.000Z', true],
  ['2026-11-20T10:20:30.000Z', '2026-11-20T10:20:30.000Z', false],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z', false],
  ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z', false],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z', false],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z', false],
  ['0099-12-31T23:59:59Z', '0099-12-31T23:59:59.000Z', false],
  ['1969-12-31T23:59:59.9Z', '1969-12-31T23:59:59.000Z', true],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z', false],
])('reads %s', (text, iso, hasFraction) => {
  expect(readDateTime(text)).toEqual({ milliseconds: Date.parse(iso), hasFraction })
})

test.each([
  ['nothing', ''],
  ['a date', '2026-11-20'],
  ['no zone', '2026-11-20T10:20:30'],
  ['a lower-case z', '2026-11-20T10:20:30z'],
  ['a lower-case t', '2026-11-20t10:20:30Z'],
  ['a space for the T', '2026-11-20 10:20:30Z'],
  ['a leap second', '2016-12-31T23:59:60Z'],
  ['hour 24', '2026-11-20T24:00:00Z'],
  ['minute 60', '2026-11-20T10:60:00Z'],
  ['month 0', '2026-00-20T10:20:30Z'],
  ['month 13', '2026-13-20T10:20:30Z'],
  ['day 0', '2026-11-00T10:20:30Z'],
  ['31 November', '2026-11-31T10:20:30Z'],
  ['29 February', '2023-02-29T10:20:30Z'],
  ['29 February 1900', '1900-02-29T10:20:30Z'],
  ['a fraction without digits', '2026-11-20T10:20:30.Z'],
  ['a fraction with a comma', '2026-11-20T10:20:30,5Z'],
  ['a fraction that is too long', `2026-11-20T10:20:30.${'0'.repeat(60)}Z`],
  ['an offset without a colon', '2026-11-20T10:20:30+0200'],
  ['an offset without minutes', '2026-11-20T10:20:30+02'],
  ['an offset of 24 hours', '2026-11-20T10:20:30+24:00'],
  ['an offset of 60 minutes', '2026-11-20T10:20:30+02:60'],
  ['an offset after Z', '2026-11-20T10:20:30Z+02:00'],
  ['two digits of a year', '26-11-20T10:20:30Z'],
  ['five digits of a year', '12026-11-20T10:20:30Z'],
  ['a sign', '+2026-11-20T10:20:30Z'],
  ['an hour of one digit', '2026-11-20T1:20:30Z'],
  ['a space before', ' 2026-11-20T10:20:30Z'],
  ['a space after', '2026-11-20T10:20:30Z '],
  ['a NUL after', '2026-11-20T10:20:30Z\0'],
  ['digits that are not ASCII', '２026-11-20T10:20:30Z'],
  ['another calendar', 'Fri, 20 Nov 2026 10:20:30 GMT'],
])('E8: refuses %s', (_, text) => {
  expect(readDateTime(text)).toBeUndefined()
})

test('fuzz: what is written is read as the same, in any zone', () => {
  const first = Date.parse('0000-01-02T00:00:00Z')
  const last = Date.parse('9999-12-30T23:59:59Z')
  const instant = fc.integer({ min: first / 1000, max: last / 1000 }).map((seconds) => seconds * 1000)
  fc.assert(
    fc.property(instant, fc.integer({ min: -1439, max: 1439 }), (milliseconds, offset) => {
      expect(readDateTime(encodeDateTime(new Date(milliseconds)))).toEqual({ milliseconds, hasFraction: false })
      const local = encodeDateTime(new Date(milliseconds + offset * 60_000)).slice(0, -1)
      const digits = (value: number) => String(value).padStart(2, '0')
      const zone = `${digits(Math.floor(Math.abs(offset) / 60))}:${digits(Math.abs(offset) % 60)}`
      expect(readDateTime(`${local}${offset < 0 ? '-' : '+'}${zone}`)?.milliseconds).toBe(milliseconds)
    }),
    fuzzParameters('date-time'),
  )
})

test('fuzz: what is read, Date reads as the same', () => {
  const character = fc.constantFrom(...'0123456789-+:.TZ tz')
  const text = fc.oneof(
    fc.string({ unit: character, maxLength: 30 }),
    fc
      .tuple(fc.nat(26), character)
      .map(
        ([at, put]) => '2024-02-29T23:59:59.5+02:00'.slice(0, at) + put + '2024-02-29T23:59:59.5+02:00'.slice(at + 1),
      ),
  )
  fc.assert(
    fc.property(text, (text) => {
      const read = readDateTime(text)
      if (read) expect(read.milliseconds).toBe(Math.floor(Date.parse(text) / 1000) * 1000)
    }),
    fuzzParameters('date-time'),
  )
})
