// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTag, parseReference, parseRepository, parseTagOrDigest } from '../src/reference.js'
import { fuzzParameters } from './fuzz.js'
import { codeOf } from './x509/code.js'

const digest = `sha256:${'0f'.repeat(32)}`
const megabyte = 1024 * 1024

describe('references', () => {
  test.each([
    ['example.com/app', { repository: 'example.com/app' }],
    ['example.com/app:v1', { repository: 'example.com/app', tag: 'v1' }],
    ['localhost:5000/a/b-c_d/e__f.g:latest', { repository: 'localhost:5000/a/b-c_d/e__f.g', tag: 'latest' }],
    ['Example.COM:443/app', { repository: 'Example.COM:443/app' }],
    ['[::1]:5000/app:1', { repository: '[::1]:5000/app', tag: '1' }],
    ['127.0.0.1/app', { repository: '127.0.0.1/app' }],
    ['local/app', { repository: 'local/app' }],
    [`example.com/app@${digest}`, { repository: 'example.com/app', digest }],
    [`example.com:5000/app:v1@${digest}`, { repository: 'example.com:5000/app', tag: 'v1', digest }],
  ])('reads %s', (text, reference) => {
    expect(parseReference(text)).toEqual(reference)
  })

  test.each([
    ['nothing', ''],
    ['no path', 'example.com'],
    ['a path without host', '/app'],
    ['an empty path', 'example.com/'],
    ['an empty tag', 'example.com/app:'],
    ['two tags', 'example.com/app:a:b'],
    ['a scheme', 'https://example.com/app'],
    ['a user', 'user@example.com/app'],
    ['a user and password', 'user:password@example.com/app'],
    ['an upper-case path', 'example.com/App'],
    ['R13: a parent directory', 'example.com/../app'],
    ['R13: an encoded slash', 'example.com/a%2fapp'],
    ['R13: an encoded parent', 'example.com/%2e%2e/app'],
    ['R13: a line break', 'example.com/app\r\nHost: evil'],
    ['R13: a line break in the tag', 'example.com/app:v1\r\nX: y'],
    ['R13: a query', 'example.com/app?x=1'],
    ['R13: a fragment', 'example.com/app#x'],
    ['J12: a backslash', 'example.com\\@evil.example/app'],
    ['J12: a host in front of the host', 'evil.example#example.com/app'],
    ['J12: white space in the host', 'exam ple.com/app'],
    ['J12: a tab, which URL parsers drop', 'example\t.com/app'],
    ['J12: a full-width dot, which URL parsers normalise', 'example\uff0ecom/app'],
    ['J12: an ideographic full stop', 'example\u3002com/app'],
    ['J12: a soft hyphen', 'exa\u00admple.com/app'],
    ['a host that begins with a dash', '-example.com/app'],
    ['a host with two dots', 'example..com/app'],
    ['a trailing dot of the host', 'example.com./app'],
    ['a port that is too long', 'example.com:123456/app'],
    ['a port that is none', 'example.com:x/app'],
    ['an empty port', 'example.com:/app'],
    ['a trailing slash', 'example.com/app/'],
    ['two slashes', 'example.com//app'],
    ['a separator at the end', 'example.com/app-'],
    ['three underscores', 'example.com/a___b'],
    ['a tag that is too long', `example.com/app:${'a'.repeat(129)}`],
    ['a tag that begins with a dot', 'example.com/app:.a'],
    ['NUL', 'example.com/app\0'],
    ['something longer than 1024 characters', `example.com/${'a'.repeat(1024)}`],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => parseReference(text))).toMatch(/^INVALID_(REFERENCE|DIGEST)$/)
  })

  test.each([`example.com/app@sha256:abc`, `example.com/app@`, `example.com/app@${digest}@${digest}`])(
    'CVE-2024-3727: refuses the digest of %s',
    (text) => {
      expect(codeOf(() => parseReference(text))).toBe('INVALID_DIGEST')
    },
  )

  test('P2: nothing is implied or normalised', () => {
    for (const text of ['docker.io/nginx', 'index.docker.io/library/nginx', 'example.com:443/app', 'EXAMPLE.com/app'])
      expect(parseReference(text).repository).toBe(text)
  })
})

describe('repositories, tags and digests', () => {
  test('a repository has no tag', () => {
    expect(parseRepository('example.com/app')).toBe('example.com/app')
    for (const text of ['example.com/app:v1', `example.com/app@${digest}`, 'app', '*', 'example.com/*'])
      expect(codeOf(() => parseRepository(text))).toBe('INVALID_REFERENCE')
  })

  test('a tag or a digest', () => {
    expect(parseTagOrDigest('v1.0_x-y')).toEqual({ tag: 'v1.0_x-y' })
    expect(parseTagOrDigest(digest)).toEqual({ digest })
    expect(codeOf(() => parseTagOrDigest('sha256:x'))).toBe('INVALID_DIGEST')
    for (const text of ['', '-a', 'a/b', '../x', 'a b', 'ä']) {
      expect(codeOf(() => parseTagOrDigest(text))).toBe('INVALID_REFERENCE')
      expect(isTag(text)).toBe(false)
    }
  })
})

describe('J5: a megabyte of text is refused, and soon', () => {
  test.each([
    ['letters', 'a'.repeat(megabyte)],
    ['path components', `a.b/${'a/'.repeat(megabyte / 2)}`],
    ['separators', `a.b/a${'-'.repeat(megabyte)}`],
    ['underscores', `a.b/${'a_'.repeat(megabyte / 2)}`],
    ['labels', `${'a.'.repeat(megabyte / 2)}/a`],
    ['dashes in a label', `a${'-'.repeat(megabyte)}/a`],
    ['colons', `a.b/a${':'.repeat(megabyte)}`],
    ['at signs', `a.b/a${'@'.repeat(megabyte)}`],
  ])('%s', (_, text) => {
    expect(codeOf(() => parseReference(text))).toMatch(/^INVALID_/)
    expect(codeOf(() => parseRepository(text))).toBe('INVALID_REFERENCE')
    expect(codeOf(() => parseTagOrDigest(text))).toMatch(/^INVALID_/)
  })

  test('and so are 1024 characters that could make a pattern go back and forth', () => {
    for (const text of [
      `a.b/${'a-'.repeat(509)}!`,
      `a.b/${'a/'.repeat(509)}!`,
      `${'a-'.repeat(510)}!/a`,
      `${'a.'.repeat(510)}!/a`,
    ])
      expect(codeOf(() => parseReference(text))).toBe('INVALID_REFERENCE')
  })
})

test('fuzz: a reference reads as it was written, or is refused', () => {
  const parts = fc.constantFrom(
    'example.com',
    '/',
    ':',
    '@',
    'app',
    digest,
    'v1',
    '..',
    '.',
    '-',
    '_',
    '%2f',
    '\n',
    'é',
  )
  const text = fc.oneof(
    fc.array(parts, { maxLength: 8 }).map((each) => each.join('')),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(text, (text) => {
      const code = codeOf(() => {
        const { repository, tag, digest } = parseReference(text)
        expect(repository + (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`)).toBe(
          text,
        )
      })
      expect([undefined, 'INVALID_REFERENCE', 'INVALID_DIGEST']).toContain(code)
    }),
    fuzzParameters('reference'),
  )
})
