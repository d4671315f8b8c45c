// SPDX-License-Identifier: Apache-2.0
// Keys of plugins: real processes, honest and lying.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createNotarySigner, isOcisignError, jws, type Target } from '@ocisign/core'
import { openPluginKey } from '@ocisign/notation-plugin'
import { beforeAll, describe, expect, test } from 'vitest'
import { chain, code, makePlugins } from './support/plugins.js'

const message = new TextEncoder().encode('hello')
const target: Target = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7 }
const retry = { wait: async () => undefined }

let plugins: Awaited<ReturnType<typeof makePlugins>>
beforeAll(async () => {
  plugins = await makePlugins()
})

const open = (...lies: readonly string[]) => openPluginKey({ ...plugins.options(...lies), id: 'key-1', retry })
const sign = async (...lies: readonly string[]) => (await open(...lies)).sign(message)
const caught = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a key of a plugin', () => {
  test('is described once, and signs the message, which goes there unhashed', async () => {
    const { options, asked } = await makePlugins()
    const key = await openPluginKey({ ...options(), id: 'key-1', config: { region: 'here', __proto__x: 'y' } })
    const { signature, material } = await key.sign(message)
    expect(key).toMatchObject({ id: 'notation-plugin:com.example.plugin?id=key-1', algorithm: chain.key.algorithm })
    expect(signature).toHaveLength(64)
    expect(material.chain).toEqual(chain.chain)
    const config = { region: 'here', __proto__x: 'y' }
    expect(await asked()).toEqual([
      { command: 'get-plugin-metadata', request: { pluginConfig: config }, parameters: ['get-plugin-metadata'] },
      {
        command: 'describe-key',
        request: { contractVersion: '1.0', keyId: 'key-1', pluginConfig: config },
        parameters: ['describe-key'],
      },
      {
        command: 'generate-signature',
        request: {
          contractVersion: '1.0',
          keyId: 'key-1',
          keySpec: 'EC-256',
          hashAlgorithm: 'SHA-256',
          payload: 'aGVsbG8=',
          pluginConfig: config,
        },
        parameters: ['generate-signature'],
      },
    ])
  })

  test('signs for the Notary Project', async () => {
    const signature = await createNotarySigner({ key: await open(), format: jws }).sign(target)
    expect(signature.mediaType).toBe('application/jose+json')
  })

  test('sees the environment that it is given, and no more', async () => {
    const { directory, name } = plugins
    const environment = { LIES: 'error=ACCESS_DENIED' }
    const key = await openPluginKey({ directory, name, id: 'key-1', environment })
    await expect(key.sign(message)).rejects.toMatchObject(code('DENIED_KEY'))
  })

  test.each(['', 'x'.repeat(1025), '\ud800'])('has no id like %j', async (id) => {
    await expect(openPluginKey({ ...plugins.options(), id })).rejects.toMatchObject(code('MISUSE_OPTION'))
  })

  test.each([0, -1, 1.5, 2 ** 31])('does not wait for %d milliseconds', async (timeoutMilliseconds) => {
    const options = { ...plugins.options(), id: 'key-1', timeoutMilliseconds }
    await expect(openPluginKey(options)).rejects.toMatchObject(code('MISUSE_OPTION'))
  })

  test('needs settings that are texts', async () => {
    const config = { a: 1 } as never
    await expect(openPluginKey({ ...plugins.options(), id: 'k', config })).rejects.toMatchObject(code('MISUSE_OPTION'))
  })

  test('of a plugin that makes whole envelopes is none', async () => {
    const { options } = await makePlugins({ capabilities: ['SIGNATURE_GENERATOR.ENVELOPE'] })
    await expect(openPluginKey({ ...options(), id: 'k' })).rejects.toMatchObject(code('UNSUPPORTED_PLUGIN'))
  })
})

describe('G2: a plugin that answers something else than it was asked for', () => {
  test.each([
    ['describes another key', 'describes-other-key', 'UNAVAILABLE_KEY'],
    ['has a key of a kind that there is not', 'unknown-spec', 'UNSUPPORTED_KEY'],
    ['describes a key of another kind than it signs with', 'other-spec', 'UNAVAILABLE_KEY'],
    ['signs with another key', 'other-key', 'UNAVAILABLE_KEY'],
    ['signs with another algorithm', 'other-algorithm', 'UNAVAILABLE_KEY'],
    ['G6: answers in DER', 'der', 'UNAVAILABLE_KEY'],
    ['has no certificates', 'no-chain', 'UNAVAILABLE_KEY'],
    ['has more certificates than a chain has', 'long-chain', 'UNAVAILABLE_KEY'],
    ['has certificates that are none', 'garbage-chain', 'UNAVAILABLE_KEY'],
    ['has the certificate of a key of another kind', 'other-kind-chain', 'UNAVAILABLE_KEY'],
    ['J3: writes base64 that is not canonical', 'lax-base64', 'UNAVAILABLE_KEY'],
  ])('%s: refused', async (_, lie, expected) => {
    await expect(sign(lie)).rejects.toMatchObject(code(expected))
  })

  test.each([
    ['the certificate of another key', 'other-chain'],
    ['a signature of something else', 'bad-signature'],
    ['a signature of the hash, hashed again', 'hashed-twice'],
  ])('%s: the signer finds it before anything is stored', async (_, lie) => {
    const signer = createNotarySigner({ key: await open(lie), format: jws })
    await expect(signer.sign(target)).rejects.toMatchObject(code('UNTRUSTED_INTEGRITY'))
  })

  test.each(['pkcs1', 'long-salt'])('RSA with %s: the signer finds it', async (lie) => {
    const { createTestChain } = await import('@ocisign/provider-local')
    const { notaryAlgorithms } = await import('@ocisign/core')
    const rsa = await createTestChain({ algorithm: notaryAlgorithms[3]! })
    const { options } = await makePlugins({ keySpec: 'RSA-2048', key: rsa.keyPem, chain: rsa.chain })
    const honest = await openPluginKey({ ...options(), id: 'k' })
    await expect(createNotarySigner({ key: honest, format: jws }).sign(target)).resolves.toBeDefined()
    const lying = await openPluginKey({ ...options(lie), id: 'k' })
    await expect(createNotarySigner({ key: lying, format: jws }).sign(target)).rejects.toMatchObject(
      code('UNTRUSTED_INTEGRITY'),
    )
  })
})

describe('a plugin that fails', () => {
  test.each([
    ['VALIDATION_ERROR', 'INVALID_KEY'],
    ['ACCESS_DENIED', 'DENIED_KEY'],
    ['UNSUPPORTED_CONTRACT_VERSION', 'UNSUPPORTED_PLUGIN'],
    ['ERROR', 'UNAVAILABLE_KEY'],
    ['SOMETHING_ELSE', 'UNAVAILABLE_KEY'],
  ])('with %s is %s, and shows its message, escaped', async (errorCode, expected) => {
    const error = await caught(sign(`error=${errorCode}`))
    expect(error).toMatchObject(code(expected))
    expect(String(error)).toContain('because \\u001b[31mI say so')
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2')
  })

  test.each(['THROTTLED', 'TIMEOUT'])('G7: with %s is asked again, and it is told how often', async (errorCode) => {
    const error = await caught(sign(`error=${errorCode}`))
    expect(error).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { retryable: true, tries: 4 } })
  })

  test('once, and then not: signs', async () => {
    const { options, folder } = await makePlugins()
    const key = await openPluginKey({ ...options('once-throttled'), id: 'k', retry })
    await expect(key.sign(message)).resolves.toBeDefined()
    expect(await readFile(join(folder, 'throttled'), 'utf8')).toBe('2')
  })

  test.each([
    ['says nothing', 'silent-failure'],
    ['ends with 3', 'exit-3'],
    ['is killed', 'crashes'],
    ['succeeds with garbage', 'garbage'],
    ['succeeds with another kind of JSON', 'array'],
    ['J6: succeeds with JSON without end', 'deep'],
    ['succeeds with members twice', 'duplicates'],
    ['G8: prints secrets', 'prints-secret'],
  ])('and %s is UNAVAILABLE_KEY, is not asked again, and shows no secret', async (_, lie) => {
    const error = await caught(sign(lie))
    expect(error).toMatchObject({ code: 'UNAVAILABLE_KEY', details: { retryable: false } })
    expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details.tries).toBeUndefined()
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2')
  })

  test('may have said to people why', async () => {
    const heard: string[] = []
    const options = { ...plugins.options('logs'), id: 'k', onStandardError: (text: string) => heard.push(text) }
    await (await openPluginKey(options)).sign(message)
    expect(heard).toEqual(['a line for people\n\\u001b[31mred'])
  })
})
