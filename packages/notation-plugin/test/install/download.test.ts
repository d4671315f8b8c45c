// SPDX-License-Identifier: Apache-2.0
// Installing from a URL: by https only, with a checksum, within limits, and nothing where it fails.
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DownloadProgress, type InstallPluginOptions, installPlugin, openPlugin } from '@ocisign/notation-plugin'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { zip } from '../support/archives.js'
import { code, makeFolder } from '../support/plugins.js'

const name = 'com.example.small'
const script = `#!/bin/sh
echo '{"name":"${name}","description":"d","version":"1.0.0","url":"u",
"supportedContractVersions":["1.0"],"capabilities":["SIGNATURE_GENERATOR.RAW"]}'
`
const archive = new Uint8Array(zip({ name: `notation-${name}`, text: script }))
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const url = 'https://example.com/plugins/small.zip?token=hunter2'

type Answer = () => Response | Promise<Response>
const found = (body: BodyInit = archive) => new Response(body, { headers: { 'content-length': `${archive.length}` } })
const moved = (location: string, status = 302) => new Response(null, { status, headers: { location } })

/** A network that knows these addresses. */
function networkOf(answers: Readonly<Record<string, Answer>>) {
  const asked: { readonly url: string; readonly init: RequestInit }[] = []
  const fetch = async (input: unknown, init: RequestInit = {}) => {
    asked.push({ url: String(input), init })
    init.signal?.throwIfAborted()
    const answer = answers[String(input)]
    if (!answer) throw new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } })
    return answer()
  }
  return { asked, fetch: fetch as typeof globalThis.fetch }
}

async function place(answers: Readonly<Record<string, Answer>> = { [url]: () => found() }) {
  const home = await makeFolder()
  const directory = join(home, 'config', 'plugins')
  const network = networkOf(answers)
  const install = (source = url, options: Partial<InstallPluginOptions> = {}) =>
    installPlugin({ directory, source, sha256: sha256Of(archive), fetch: network.fetch, ...options })
  /** Whatever is there, of a plugin or of an attempt. */
  const rest = async () => {
    const places = [join(home, 'config'), directory]
    const names = await Promise.all(places.map((each) => readdir(each).catch(() => [])))
    return names.flat().filter((each) => each !== 'plugins')
  }
  const version = async () => (await openPlugin({ directory, name })).metadata.version
  return { directory, install, rest, version, ...network }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a plugin is downloaded', () => {
  test('whole, and its progress is told', async () => {
    const { install, version, asked, rest } = await place()
    const progress: DownloadProgress[] = []
    await install(url, { onProgress: (each) => progress.push(each) })
    expect(await version()).toBe('1.0.0')
    expect(await rest()).toEqual([name])
    expect(progress.at(-1)).toEqual({ bytes: archive.length, totalBytes: archive.length })
    expect(asked).toMatchObject([{ url, init: { redirect: 'manual', headers: { 'accept-encoding': 'identity' } } }])
  })

  test('through redirects, of every kind, also to where the last one stands', async () => {
    const storage = 'https://storage.example.com/1'
    const { install, version } = await place({
      [url]: () => moved('/other', 301),
      'https://example.com/other': () => moved('other/place', 303),
      'https://example.com/other/place': () => moved('//storage.example.com/0', 307),
      'https://storage.example.com/0': () => moved(storage, 308),
      [storage]: () => found(),
    })
    await install()
    expect(await version()).toBe('1.0.0')
  })

  test('as one executable, where the URL ends in its name', async () => {
    const source = `https://example.com/notation-${name}`
    const { install, version } = await place({ [source]: () => new Response(script) })
    await install(source, { sha256: sha256Of(Buffer.from(script)) })
    expect(await version()).toBe('1.0.0')
  })
})

describe('G1: a plugin is not downloaded', () => {
  test.each([
    ['by http', 'http://example.com/small.zip', {}],
    ['by ftp', 'ftp://example.com/small.zip', {}],
    ['with a password', 'https://me:hunter2@example.com/small.zip', {}],
    ['from a URL that is none', 'https://', {}],
    ['without a checksum', url, { sha256: undefined }],
    ['with a checksum that is none', url, { sha256: 'abc' }],
  ])('%s', async (_, source, options) => {
    const { install, asked, rest } = await place()
    const error = await install(source, options).catch((reason: unknown) => reason)
    expect(error).toMatchObject(code('MISUSE_OPTION'))
    expect(String((error as Error).message)).not.toContain('hunter2')
    expect([asked, await rest()]).toEqual([[], []])
  })

  test('with another checksum', async () => {
    const { install, rest } = await place({ [url]: () => found(Uint8Array.of(...archive, 0)) })
    await expect(install()).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(await rest()).toEqual([])
  })

  const step = (index: number) => `https://example.com/${index}`
  const steps = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [step(index), () => moved(step(index + 1))]),
  )
  test.each<[string, Readonly<Record<string, Answer>>, boolean]>([
    ['from where it is not', { [url]: () => new Response('no', { status: 404 }) }, false],
    ['from a server in trouble', { [url]: () => new Response(null, { status: 503 }) }, true],
    ['where nobody answers', {}, true],
    ['through a redirect to http', { [url]: () => moved('http://example.com/small.zip') }, false],
    ['through a redirect to a file', { [url]: () => moved('file:///etc/passwd') }, false],
    ['through a redirect to nowhere', { [url]: () => moved('https://') }, false],
    ['through a redirect without a place', { [url]: () => new Response(null, { status: 302 }) }, false],
    ['through a circle of redirects', { [url]: () => moved(url) }, false],
    ['through too many redirects', { [url]: () => moved(step(0)), ...steps, [step(11)]: () => found() }, false],
    ['as a part of it', { [url]: () => new Response(archive, { status: 206 }) }, false],
  ])('%s', async (_, answers, retryable) => {
    const { install, rest } = await place(answers)
    const error = await install().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'UNAVAILABLE_PLUGIN', details: { plugin: 'small.zip', retryable } })
    expect(String((error as Error).message)).not.toContain('hunter2')
    expect(await rest()).toEqual([])
  })

  test('without end', async () => {
    const chunk = new Uint8Array(8 * 1024 * 1024)
    let sent = 0
    const cancel = vi.fn()
    const body = () => {
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
        sent += chunk.length
        controller.enqueue(chunk)
      }
      return new Response(new ReadableStream({ pull, cancel }))
    }
    const { install, rest } = await place({ [url]: body })
    await expect(install()).rejects.toMatchObject({ code: 'UNAVAILABLE_PLUGIN', details: { retryable: false } })
    expect(cancel).toHaveBeenCalled()
    expect(sent).toBeLessThan(300 * 1024 * 1024)
    expect(await rest()).toEqual([])
  })

  test('by half', async () => {
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) =>
      controller.error(Object.assign(new Error('hunter2'), { code: 'ECONNRESET' }))
    const { install } = await place({ [url]: () => new Response(new ReadableStream({ pull })) })
    const error = await install().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'UNAVAILABLE_PLUGIN', message: expect.stringContaining('ECONNRESET') })
  })

  test('for longer than ten minutes', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort(new Error('late')))
    const { install } = await place()
    await expect(install()).rejects.toMatchObject({ code: 'UNAVAILABLE_PLUGIN', details: { retryable: true } })
    expect(timeout).toHaveBeenCalledWith(600_000)
  })

  test('for a caller that gives up', async () => {
    const controller = new AbortController()
    const { install, rest } = await place({
      [url]: () => {
        controller.abort(new Error('enough'))
        return found()
      },
    })
    await expect(install(url, { signal: controller.signal })).rejects.toBe(controller.signal.reason)
    expect(await rest()).toEqual([])
  })
})
