// SPDX-License-Identifier: Apache-2.0
// Whatever a driver does, what is read has the size and the digest it should have.
import {
  type ContentReader,
  checkedContent,
  type Descriptor,
  type Digest,
  digestBytes,
  encodeText,
  limits,
  OcisignError,
  readAll,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { code } from './families.js'

const abc = encodeText('abc')
const describeBytes = async (bytes: Uint8Array, algorithm?: 'sha256' | 'sha384' | 'sha512'): Promise<Descriptor> => ({
  mediaType: 'test/blob',
  digest: await digestBytes(bytes, algorithm),
  size: bytes.length,
})

/** A driver that hands out these chunks, whatever it is asked for. */
const reading = (...chunks: readonly unknown[]): ContentReader => ({
  fetch: async () =>
    (async function* () {
      yield* chunks as Uint8Array[]
    })(),
})

describe('readAll', () => {
  test.each(['sha256', 'sha384', 'sha512'] as const)('%s', async (algorithm) => {
    const target = await describeBytes(abc, algorithm)
    expect(await readAll(reading(abc), target)).toEqual(abc)
    expect(await readAll(reading(encodeText('a'), new Uint8Array(), encodeText('bc')), target)).toEqual(abc)
    for (const bad of ['abd', 'ab', 'abcd', ''])
      await expect(readAll(reading(encodeText(bad)), target)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('what is missing is not read as zeros, and a good beginning is not enough', async () => {
    const zero = await describeBytes(encodeText('ab\0'))
    await expect(readAll(reading(encodeText('ab')), zero)).rejects.toMatchObject(code('INVALID_CONTENT'))
    const target = await describeBytes(abc)
    await expect(readAll(reading(abc, encodeText('d')), target)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('J7: text that hashes like its bytes is no content', async () => {
    const target = await describeBytes(abc)
    for (const chunk of ['abc', [97, 98, 99], abc.buffer, null])
      await expect(readAll(reading(chunk), target)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('a buffer that the driver uses again', async () => {
    const target = await describeBytes(encodeText('aabb'))
    const buffer = new Uint8Array(2)
    const driver: ContentReader = {
      fetch: async () =>
        (async function* () {
          for (const byte of [0x61, 0x62]) yield buffer.fill(byte)
          buffer.fill(0)
        })(),
    }
    expect(await readAll(driver, target)).toEqual(encodeText('aabb'))
  })

  test('more than is allowed is not even fetched', async () => {
    const driver: ContentReader = { fetch: () => expect.fail('fetched') }
    const target = { ...(await describeBytes(abc)), size: limits.manifestBytes + 1 }
    await expect(readAll(driver, target)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    await expect(readAll(driver, await describeBytes(abc), { maxBytes: 2 })).rejects.toMatchObject(
      code('UNAVAILABLE_LIMIT'),
    )
    expect(await readAll(reading(abc), await describeBytes(abc), { maxBytes: 3 })).toEqual(abc)
  })

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '3'])('a size of %s is none', async (size) => {
    const target = { ...(await describeBytes(abc)), size: size as number }
    await expect(readAll(reading(abc), target)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test.each(['sha256:00', 'sha256:../x', 'md5:00', ''])('a digest of %j is none', async (digest) => {
    const target = { ...(await describeBytes(abc)), digest: digest as Digest }
    await expect(readAll(reading(abc), target)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('the error of a driver is passed on', async () => {
    const down = new OcisignError('UNAVAILABLE_STORE', 'down', { retryable: true })
    const target = await describeBytes(abc)
    await expect(readAll({ fetch: () => Promise.reject(down) }, target)).rejects.toBe(down)
    const broken: ContentReader = {
      fetch: async () =>
        (async function* () {
          yield encodeText('a')
          throw down
        })(),
    }
    await expect(readAll(broken, target)).rejects.toBe(down)
  })
})

describe('checkedContent', () => {
  test('an endless stream is left at the first byte too many', async () => {
    let chunks = 0
    const endless = (async function* () {
      while (chunks++ < 1000) yield abc
    })()
    const read = async () => {
      for await (const _ of checkedContent(endless, await describeBytes(abc)));
    }
    await expect(read()).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(chunks).toBeLessThan(4)
  })

  test('stops when told to', async () => {
    const stop = new AbortController()
    const stopped = async () => {
      const content = await reading(encodeText('ab'), encodeText('c')).fetch({} as Descriptor)
      for await (const _ of checkedContent(content, await describeBytes(abc), { signal: stop.signal })) stop.abort()
    }
    await expect(stopped()).rejects.toMatchObject({ name: 'AbortError' })
  })
})
