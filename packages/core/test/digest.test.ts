// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { encodeText } from '../src/bytes.js'
import { describeContent, digestAlgorithmOf, digestBytes, encodeDigest, isDigest, parseDigest } from '../src/digest.js'
import { codeOf, codeOfAsync } from './x509/code.js'

const hex = (length: number) => '0123456789abcdef'.repeat(8).slice(0, length)
const sha256 = `sha256:${hex(64)}`

describe('digests', () => {
  test.each([
    ['sha256', 64],
    ['sha384', 96],
    ['sha512', 128],
  ])('reads %s', (algorithm, length) => {
    const digest = `${algorithm}:${hex(length)}`
    expect(parseDigest(digest)).toBe(digest)
    expect(isDigest(digest)).toBe(true)
    expect(digestAlgorithmOf(parseDigest(digest))).toBe(algorithm)
  })

  test.each([
    ['a path', 'sha256:../../etc/passwd'],
    ['a path in front', `../sha256:${hex(64)}`],
    ['63 digits', `sha256:${hex(63)}`],
    ['65 digits', `sha256:${hex(64)}0`],
    ['upper-case digits', `sha256:${hex(64).toUpperCase()}`],
    ['one upper-case digit', `sha256:${hex(63)}F`],
    ['an upper-case algorithm', `SHA256:${hex(64)}`],
    ['an algorithm that is weak', `md5:${hex(32)}`],
    ['SHA-1', `sha1:${hex(40)}`],
    ['an unknown algorithm', `blake3:${hex(64)}`],
    ['a query', `${sha256}?x`],
    ['a fragment', `${sha256}#x`],
    ['a line feed', `${sha256}\n`],
    ['a space', ` ${sha256}`],
    ['NUL', `sha256:${hex(63)}\0`],
    ['a digit that is not ASCII', `sha256:${hex(63)}\uff10`],
    ['the length of another algorithm', `sha256:${hex(128)}`],
    ['no algorithm', hex(64)],
    ['no digits', 'sha256:'],
    ['a compound algorithm', `sha256+b64:${hex(64)}`],
    ['nothing', ''],
    ['a name of Object', 'constructor'],
  ])('CVE-2024-3727: refuses %s', (_, text) => {
    expect(isDigest(text)).toBe(false)
    expect(codeOf(() => parseDigest(text))).toBe('INVALID_DIGEST')
  })

  test('refuses what is not text', () => {
    for (const value of [undefined, null, 5, {}, [sha256], { toString: () => sha256 }])
      expect(codeOf(() => parseDigest(value as string))).toBe('INVALID_DIGEST')
  })

  test('J5: a megabyte of digits is refused, and soon', () => {
    expect(codeOf(() => parseDigest(`sha256:${'a'.repeat(1024 * 1024)}`))).toBe('INVALID_DIGEST')
  })
})

describe('computing', () => {
  const reference = (algorithm: string, text: string) =>
    `${algorithm}:${createHash(algorithm).update(text).digest('hex')}`

  test('the digest of bytes is what Node says', async () => {
    for (const algorithm of ['sha256', 'sha384', 'sha512'] as const)
      expect(await digestBytes(encodeText('text'), algorithm)).toBe(reference(algorithm, 'text'))
    expect(await digestBytes(new Uint8Array())).toBe(reference('sha256', ''))
    expect(encodeDigest('sha256', Uint8Array.of(0, 255))).toBe('sha256:00ff')
  })

  test('describes bytes and streams alike', async () => {
    async function* stream() {
      yield encodeText('te')
      yield encodeText('')
      yield encodeText('xt')
    }
    const expected = { mediaType: 'text/plain', digest: reference('sha512', 'text'), size: 4 }
    expect(await describeContent(encodeText('text'), 'sha512', 'text/plain')).toEqual(expected)
    expect(await describeContent(stream(), 'sha512', 'text/plain')).toEqual(expected)
  })

  test('stops when it is told to', async () => {
    const controller = new AbortController()
    async function* endless() {
      for (;;) {
        yield encodeText('x')
        controller.abort(new Error('enough'))
      }
    }
    const described = describeContent(endless(), 'sha256', 'text/plain', { signal: controller.signal })
    await expect(described).rejects.toThrow('enough')
  })

  test('an error of the stream is passed on', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield encodeText('x')
      parseDigest('broken')
    }
    expect(await codeOfAsync(() => describeContent(broken(), 'sha256', 'text/plain'))).toBe('INVALID_DIGEST')
  })
})
