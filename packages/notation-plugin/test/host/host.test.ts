// SPDX-License-Identifier: Apache-2.0
// Plugins of our own making: each request of the contract, and what becomes of errors.
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  algorithmName,
  encodePem,
  type KeyOpener,
  limits,
  notaryAlgorithms,
  OcisignError,
  type SigningKey,
  withCertificates,
} from '@ocisign/core'
import { createNotationPlugin, type HostProcess, type NotationPluginOptions } from '@ocisign/notation-plugin/host'
import { createTestChain } from '@ocisign/provider-local'
import { describe, expect, test } from 'vitest'
import { chain, code, makeFolder } from '../support/plugins.js'

const metadata = { name: 'com.example.own', version: '1.0.0', description: 'd', url: 'https://example.com' }
const key = withCertificates(chain.key, chain.chain)

function pluginOf(options: Partial<NotationPluginOptions> = {}) {
  const plugin = createNotationPlugin({ ...metadata, openKey: async () => key, ...options })
  const ask = async (command: string | undefined, request: unknown) => {
    const input = typeof request === 'string' ? request : JSON.stringify(request)
    const { exitCode, output, errors } = await plugin.answer(command, new TextEncoder().encode(input))
    const bytes = exitCode === 0 ? output : errors
    expect(exitCode === 0 ? errors : output).toHaveLength(0)
    return { exitCode, ...JSON.parse(new TextDecoder().decode(bytes)) }
  }
  return { plugin, ask }
}

const contractVersion = '1.0'
const describeKey = { contractVersion, keyId: 'k' }
const generate = { ...describeKey, keySpec: 'EC-256', hashAlgorithm: 'SHA-256', payload: 'aGVsbG8=' }

describe('a plugin of our own making', () => {
  test('says what it is and can do', async () => {
    const { ask } = pluginOf()
    expect(await ask('get-plugin-metadata', { later: 'member' })).toEqual({
      exitCode: 0,
      ...metadata,
      supportedContractVersions: ['1.0'],
      capabilities: ['SIGNATURE_GENERATOR.RAW'],
    })
  })

  test.each(notaryAlgorithms.map((algorithm) => [algorithmName(algorithm), algorithm] as const))(
    'describes a key and signs with %s',
    async (_, algorithm) => {
      const own = await createTestChain({ algorithm })
      const { ask } = pluginOf({ openKey: async () => withCertificates(own.key, own.chain) })
      const { keySpec } = await ask('describe-key', describeKey)
      expect(keySpec).toBe(`${algorithm.scheme === 'ECDSA' ? 'EC' : 'RSA'}-${algorithm.keyBits}`)
      const hashAlgorithm = algorithm.hash.replace('sha', 'SHA-')
      const answer = await ask('generate-signature', { ...generate, keySpec, hashAlgorithm })
      expect(answer).toMatchObject({
        exitCode: 0,
        keyId: 'k',
        signingAlgorithm: `${algorithm.scheme}-${hashAlgorithm}`,
        certificateChain: own.chain.map((der) => Buffer.from(der).toString('base64')),
      })
    },
  )

  test('opens keys by URI, and settings stand in for the environment', async () => {
    const heard: unknown[] = []
    const opener: KeyOpener = {
      scheme: 'test',
      openKey: async (uri, options) => {
        heard.push([uri, options?.environment])
        return key
      },
    }
    const plugin = createNotationPlugin({ ...metadata, keys: [opener] })
    const request = { ...describeKey, keyId: 'test:1', pluginConfig: { REGION: 'here' } }
    const input = new TextEncoder().encode(JSON.stringify(request))
    const { exitCode } = await plugin.answer('describe-key', input, { environment: { REGION: 'there', HOME: '/' } })
    expect(exitCode).toBe(0)
    expect(heard).toEqual([['test:1', { REGION: 'here', HOME: '/' }]])
    const { ask } = pluginOf({ openKey: undefined, keys: async () => [opener] })
    expect(await ask('describe-key', describeKey)).toMatchObject({ errorCode: 'VALIDATION_ERROR' })
    expect(await ask('describe-key', request)).toMatchObject({ keySpec: 'EC-256' })
  })

  test('gives a key without certificates those of a file', async () => {
    const folder = await makeFolder()
    const path = join(folder, 'chain.pem')
    await writeFile(path, chain.chain.map((der) => encodePem('CERTIFICATE', der)).join(''))
    const { ask } = pluginOf({ openKey: async () => chain.key })
    const withFile = (file: string) =>
      ask('generate-signature', { ...generate, pluginConfig: { 'certificate-chain': file } })
    expect(await withFile(path)).toMatchObject({ exitCode: 0 })
    expect(await ask('generate-signature', generate)).toMatchObject({ exitCode: 1, errorCode: 'VALIDATION_ERROR' })
    expect(await withFile(join(folder, 'none'))).toMatchObject({ exitCode: 1 })
    expect(await withFile(folder)).toMatchObject({ errorCode: 'VALIDATION_ERROR' })
    // As secrets are mounted: the file is behind a folder that is exchanged as a whole.
    await symlink(folder, join(folder, '..data'))
    await symlink(join('..data', 'chain.pem'), join(folder, 'linked.pem'))
    expect(await withFile(join(folder, 'linked.pem'))).toMatchObject({ exitCode: 0 })
    await symlink(join(folder, 'nowhere'), join(folder, 'broken.pem'))
    expect(await withFile(join(folder, 'broken.pem'))).toMatchObject({ exitCode: 1 })
    await writeFile(join(folder, 'large.pem'), new Uint8Array(limits.documentBytes + 1))
    await symlink(join(folder, 'large.pem'), join(folder, 'large'))
    expect(await withFile(join(folder, 'large'))).toMatchObject({ errorCode: 'VALIDATION_ERROR' })
    const other = await createTestChain()
    await writeFile(path, other.chain.map((der) => encodePem('CERTIFICATE', der)).join(''))
    expect(await withFile(path)).toMatchObject({ errorCode: 'VALIDATION_ERROR' })
  })

  test('verifies where it has a verifier', async () => {
    const verdict = {
      verificationResults: { 'SIGNATURE_VERIFIER.REVOCATION_CHECK': { success: true, reason: '' } },
      processedAttributes: [],
    }
    const { plugin, ask } = pluginOf({
      openKey: undefined,
      verifier: { capabilities: ['SIGNATURE_VERIFIER.REVOCATION_CHECK'], verify: async () => verdict },
    })
    expect(plugin.metadata.capabilities).toEqual(['SIGNATURE_VERIFIER.REVOCATION_CHECK'])
    expect(await ask('verify-signature', { contractVersion })).toEqual({ exitCode: 0, ...verdict })
    expect(await ask('describe-key', describeKey)).toMatchObject({ errorCode: 'VALIDATION_ERROR' })
  })

  test.each([
    [{ name: '../x' }],
    [{ version: '1' }],
    [{ description: '' }],
    [{ url: '' }],
    [{ openKey: undefined }],
    [{ openKey: undefined, keys: [] }],
  ])('is none with %j', (options) => {
    expect(() => pluginOf(options)).toThrow(expect.objectContaining(code('MISUSE_OPTION')))
  })
})

describe('a request that cannot be answered', () => {
  test.each([
    ['no command', undefined, {}],
    ['another command', 'generate-envelope', describeKey],
    ['a command that every object has', 'constructor', describeKey],
    ['no JSON', 'describe-key', '{'],
    ['members twice', 'describe-key', '{"keyId":"a","keyId":"b"}'],
    ['no object', 'describe-key', '[]'],
    ['no version', 'describe-key', { keyId: 'k' }],
    ['no key', 'describe-key', { contractVersion }],
    ['settings that are no texts', 'describe-key', { ...describeKey, pluginConfig: { a: 1 } }],
    ['settings that are a list', 'describe-key', { ...describeKey, pluginConfig: [] }],
    ['no payload', 'generate-signature', { ...generate, payload: undefined }],
    ['a payload that is no base64', 'generate-signature', { ...generate, payload: '*' }],
    ['another kind of key', 'generate-signature', { ...generate, keySpec: 'RSA-2048' }],
    ['another hash', 'generate-signature', { ...generate, hashAlgorithm: 'SHA-512' }],
  ])('has %s: VALIDATION_ERROR', async (_, command, request) => {
    expect(await pluginOf().ask(command, request)).toMatchObject({ exitCode: 1, errorCode: 'VALIDATION_ERROR' })
  })

  test('has another version of the contract', async () => {
    const answer = await pluginOf().ask('describe-key', { ...describeKey, contractVersion: '2.0' })
    expect(answer).toMatchObject({ exitCode: 1, errorCode: 'UNSUPPORTED_CONTRACT_VERSION' })
  })

  const unavailable = (retryable: boolean) => new OcisignError('UNAVAILABLE_KEY', 'no', { id: 'k', retryable })
  test.each([
    ['ACCESS_DENIED', new OcisignError('DENIED_KEY', 'no', { id: 'k' })],
    ['THROTTLED', unavailable(true)],
    ['ERROR', unavailable(false)],
    ['TIMEOUT', new OcisignError('UNAVAILABLE_DEADLINE', 'late', { milliseconds: 1, retryable: true })],
    ['VALIDATION_ERROR', new OcisignError('INVALID_KEY', 'no', { id: 'k' })],
    ['VALIDATION_ERROR', new OcisignError('UNSUPPORTED_KEY', 'no', { algorithm: 'x', supported: [] })],
    ['VALIDATION_ERROR', new OcisignError('MISUSE_OPTION', 'no', { option: 'x' })],
    ['ERROR', new OcisignError('UNTRUSTED_INTEGRITY', 'no', { algorithm: 'x' })],
    ['ERROR', new TypeError('token hunter2')],
    ['ERROR', 'hunter2'],
    ['ERROR', { errorCode: 'hunter2' }],
  ])('G8: ends with %s, and without what other errors say', async (errorCode, error) => {
    const failing: SigningKey = { ...key, sign: () => Promise.reject(error) }
    const answer = await pluginOf({ openKey: async () => failing }).ask('generate-signature', generate)
    expect(answer).toMatchObject({ exitCode: 1, errorCode })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })

  test('G2: has a key that answers with a signature of something else', async () => {
    const lying: SigningKey = { ...key, sign: () => key.sign(new Uint8Array(1)) }
    const answer = await pluginOf({ openKey: async () => lying }).ask('generate-signature', generate)
    expect(answer).toMatchObject({ exitCode: 1, errorCode: 'VALIDATION_ERROR' })
  })

  test('has a key that the Notary Project does not know', async () => {
    const algorithm = { scheme: 'Ed25519', hash: 'sha512', keyBits: 256 } as const
    const answer = await pluginOf({ openKey: async () => ({ ...key, algorithm }) }).ask('describe-key', describeKey)
    expect(answer).toMatchObject({ exitCode: 1, errorCode: 'VALIDATION_ERROR' })
  })
})

describe('a process', () => {
  function processOf(input: AsyncIterable<Uint8Array | string>, openKey?: () => Promise<SigningKey>) {
    const written: string[] = []
    const streamOf = (name: string) => ({
      write(bytes: Uint8Array, done?: () => void) {
        written.push(`${name}: ${new TextDecoder().decode(bytes)}`)
        done?.()
        return true
      },
    })
    const ends: unknown[] = []
    const host: HostProcess = {
      argv: ['node', 'notation-own', 'describe-key'],
      env: {},
      stdin: input,
      stdout: streamOf('stdout'),
      stderr: streamOf('stderr'),
      exit: (exitCode) => ends.push(exitCode),
      removeAllListeners: () => undefined,
      on: () => undefined,
    }
    const { plugin } = pluginOf(openKey ? { openKey } : {})
    return { host, plugin, written, ends }
  }

  async function* once(...chunks: readonly (Uint8Array | string)[]) {
    yield* chunks
  }

  test('answers its one request, and nobody else is heard', async () => {
    const talking = async () => {
      host.stdout.write(new TextEncoder().encode('noise'))
      host.stderr.write(new TextEncoder().encode('noise'), () => undefined)
      return key
    }
    const { host, plugin, written, ends } = processOf(once('{"contractVersion":"1.0",', '"keyId":"k"}'), talking)
    await plugin.run(host)
    expect(written).toEqual(['stdout: {"keyId":"k","keySpec":"EC-256"}'])
    expect([host.exitCode, ends]).toEqual([0, [0]])
  })

  test('says what is wrong on its standard error', async () => {
    const { host, plugin, written, ends } = processOf(once(new Uint8Array([0x7b])))
    await plugin.run(host)
    expect(written).toEqual([expect.stringContaining('stderr: {"errorCode":"VALIDATION_ERROR"')])
    expect([host.exitCode, ends]).toEqual([1, [1]])
  })

  test('does not read without end', async () => {
    const endless = async function* () {
      for (;;) yield new Uint8Array(1024 * 1024)
    }
    const { host, plugin, written } = processOf(endless())
    await plugin.run(host)
    expect(written).toEqual([expect.stringContaining('stderr: {"errorCode":"VALIDATION_ERROR"')])
  })
})
