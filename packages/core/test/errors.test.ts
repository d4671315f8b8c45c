// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { errorKind, isOcisignError, OcisignError, printable } from '../src/errors.js'

describe('errors', () => {
  const cause = new TypeError('below')
  const error = new OcisignError('INVALID_TEXT', 'it is not text', { what: 'it' }, { cause })

  test('an error has a code, details, a message and a cause', () => {
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'OcisignError', code: 'INVALID_TEXT', details: { what: 'it' } })
    expect(error.message).toBe('it is not text')
    expect(error.cause).toBe(cause)
    expect(Object.hasOwn(new OcisignError('INVALID_TEXT', 'x', { what: 'x' }), 'cause')).toBe(false)
  })

  test('its kind is the beginning of its code', () => {
    expect(errorKind(error)).toBe('INVALID')
    expect(errorKind(new OcisignError('MISUSE_OPTION', 'x', { option: 'x' }))).toBe('MISUSE')
    for (const other of [cause, undefined, null, 'INVALID_TEXT', { code: 'INVALID_TEXT' }])
      expect(errorKind(other)).toBeUndefined()
  })

  test('it is known by its code', () => {
    expect(isOcisignError(error)).toBe(true)
    expect(isOcisignError(error, 'INVALID_TEXT')).toBe(true)
    expect(isOcisignError(error, 'INVALID_JSON')).toBe(false)
    for (const other of [cause, undefined, null, 5, 'INVALID_TEXT', { code: 'INVALID_TEXT', name: 'OcisignError' }])
      expect(isOcisignError(other)).toBe(false)
  })

  test('it is known from whichever copy of the package', async () => {
    vi.resetModules()
    const copy = await import('../src/errors.js')
    expect(copy.OcisignError).not.toBe(OcisignError)
    expect(copy.isOcisignError(error, 'INVALID_TEXT')).toBe(true)
    expect(isOcisignError(new copy.OcisignError('INVALID_TEXT', 'x', { what: 'x' }))).toBe(true)
  })

  test('G8: what is printed of it is its message and details, no more', () => {
    expect(Object.keys(error).sort()).toEqual(['code', 'details', 'name'])
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'OcisignError',
      code: 'INVALID_TEXT',
      details: { what: 'it' },
    })
    expect(inspect(error)).toContain('it is not text')
  })
})

describe('J10: text from outside', () => {
  test.each([
    ['an escape sequence', '\x1b[31mred', '\\u001b[31mred'],
    ['line breaks', 'a\r\nb', 'a\\u000d\\u000ab'],
    ['NUL and DEL', '\0\x7f', '\\u0000\\u007f'],
    ['a C1 control', '\x9b31m', '\\u009b31m'],
    ['a bidirectional override', 'a\u202eb', 'a\\u202eb'],
    ['an isolate', '\u2066x\u2069', '\\u2066x\\u2069'],
    ['a zero-width space', 'a\u200bb', 'a\\u200bb'],
    ['a byte order mark', '\ufeffx', '\\ufeffx'],
    ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['a lone surrogate', 'a\ud800', 'a\\ud800'],
    ['a tag character', '\u{e0041}', '\\ue0041'],
  ])('%s is escaped', (_, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  test('other text stays as it is', () => {
    for (const text of ['', 'plain', 'ü€😀', '日本', '"quoted"', '\\n']) expect(printable(text)).toBe(text)
  })

  test('long text is cut', () => {
    expect(printable('a'.repeat(200))).toBe('a'.repeat(200))
    expect(printable('a'.repeat(201))).toBe(`${'a'.repeat(200)}…`)
    expect(printable('abc', 2)).toBe('ab…')
    expect(printable('\x1b'.repeat(1024 * 1024), 3)).toBe('\\u001b\\u001b\\u001b…')
    expect(printable('😀😀', 3)).toBe('😀\\ud83d…')
  })
})
