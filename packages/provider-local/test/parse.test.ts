// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { encodePem, equalBytes, notaryAlgorithms, type PublicKeyMaterial } from '@ocisign/core'
import { createTestChain, type LocalKey, parsePrivateKey } from '@ocisign/provider-local'
import { describe, expect, test } from 'vitest'
import * as fixtures from './fixtures.js'

const passphrase = 'correct horse battery staple'
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const spki = (publicKey: KeyObject) => new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
const materialOf = async (key: LocalKey): Promise<PublicKeyMaterial> => (await key.sign(new Uint8Array())).material

const written = (pair: typeof ec, type: 'pkcs8' | 'pkcs1' | 'sec1', more = {}) =>
  (['pem', 'der'] as const).map(
    (format) => pair.privateKey.export({ type, format, ...more } as never) as Buffer | string,
  )

describe('a private key is read', () => {
  const encrypted = { cipher: 'aes-256-cbc', passphrase }
  test.each([
    ['PKCS#8, EC', ec, written(ec, 'pkcs8')],
    ['PKCS#8, RSA', rsa, written(rsa, 'pkcs8')],
    ['PKCS#1', rsa, written(rsa, 'pkcs1')],
    ['SEC1', ec, written(ec, 'sec1')],
    ['encrypted PKCS#8, EC', ec, written(ec, 'pkcs8', encrypted)],
    ['encrypted PKCS#8, RSA', rsa, written(rsa, 'pkcs8', encrypted)],
  ])('from %s, as PEM, PEM in bytes, and DER', async (_, { publicKey }, [pem, der]) => {
    for (const input of [String(pem), Buffer.from(String(pem)), String(pem).replaceAll('\n', '\r\n'), der as Buffer]) {
      const key = await parsePrivateKey(input, { passphrase: async () => passphrase })
      expect((await materialOf(key)).spki).toEqual(spki(publicKey))
    }
  })

  test('beside text, certificates and parameters', async () => {
    const { keyPem, chain } = await createTestChain()
    const certificates = chain.map((der) => encodePem('CERTIFICATE', der)).join('')
    await parsePrivateKey(`Bag Attributes\n    friendlyName: kë\n${certificates}${keyPem}${certificates}`)
    await parsePrivateKey(fixtures.withParameters)
  })

  test('however its public half is written, which becomes the usual form', async () => {
    const [explicit, ...others] = await Promise.all(
      [fixtures.explicitParameters, fixtures.compressedPoint, fixtures.withoutPublicKey].map(async (pem) =>
        materialOf(await parsePrivateKey(pem)),
      ),
    )
    expect(explicit!.spki).toHaveLength(91)
    for (const other of others) expect(other).toEqual(explicit)
  })

  test('with the id that is given, else one that is made up', async () => {
    const [pem] = written(ec, 'pkcs8')
    expect((await parsePrivateKey(pem!, { id: 'build key' })).id).toBe('build key')
    expect((await parsePrivateKey(pem!)).id).toBe('memory:ECDSA-256-sha256')
  })

  test('and asked for a passphrase only where it is encrypted', async () => {
    const ask = () => Promise.reject(new Error('asked'))
    await parsePrivateKey(written(ec, 'pkcs8')[0]!, { passphrase: ask })
    const [pem] = written(ec, 'pkcs8', { cipher: 'aes-256-cbc', passphrase })
    await expect(parsePrivateKey(pem!, { passphrase: ask })).rejects.toThrow('asked')
  })
})

describe('an encrypted key', () => {
  const [pem, der] = written(ec, 'pkcs8', { cipher: 'aes-128-cbc', passphrase })

  test('without a passphrase is denied', async () => {
    for (const input of [pem!, der!])
      for (const options of [{}, { passphrase: async () => undefined }])
        await expect(parsePrivateKey(input, options)).rejects.toMatchObject({ code: 'DENIED_KEY' })
  })

  test('with a wrong passphrase is denied, whatever the decryption happens to give', async () => {
    // One wrong passphrase in about 250 decrypts to something that has the right padding.
    for (let count = 0; count < 1000; count++)
      await expect(parsePrivateKey(der!, { passphrase: `wrong ${count}` })).rejects.toMatchObject({
        code: 'DENIED_KEY',
      })
    for (const wrong of ['', ' ', `${passphrase} `, 'x'.repeat(2000)])
      await expect(parsePrivateKey(pem!, { passphrase: wrong })).rejects.toMatchObject({ code: 'DENIED_KEY' })
  })

  test.each([
    [
      'in the traditional way',
      ec.privateKey.export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase }),
    ],
    [
      'in the traditional way, RSA',
      rsa.privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase }),
    ],
    ['in an outdated way', fixtures.outdatedEncryption],
  ])('%s is not supported, and the error says how to convert it', async (_, input) => {
    await expect(parsePrivateKey(input as string, { passphrase: 'abc' })).rejects.toMatchObject({
      code: 'UNSUPPORTED_KEY',
      message: expect.stringContaining('openssl pkcs8 -topk8'),
    })
  })
})

describe('a key that signs nothing here is not supported, and the error lists those that do:', () => {
  const supported = notaryAlgorithms.map(({ scheme, keyBits, hash }) => `${scheme}-${keyBits}-${hash}`)
  test.each([
    ['RSA-1024', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['RSA-2047', generateKeyPairSync('rsa', { modulusLength: 2047 })],
    ['RSA-2056', generateKeyPairSync('rsa', { modulusLength: 2056 })],
    ['id-RSASSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
    ['Ed25519', generateKeyPairSync('ed25519')],
    ['X25519', generateKeyPairSync('x25519')],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['P-224', generateKeyPairSync('ec', { namedCurve: 'secp224r1' })],
  ])('%s', async (_, { privateKey }) => {
    for (const format of ['pem', 'der'] as const) {
      const input = privateKey.export({ type: 'pkcs8', format } as never) as string | Buffer
      await expect(parsePrivateKey(input)).rejects.toMatchObject({ code: 'UNSUPPORTED_KEY', details: { supported } })
    }
  })
})

test.each([
  ['OpenSSH', fixtures.openssh, 'ssh-keygen'],
  ['PKCS#12', Buffer.from(fixtures.pkcs12, 'base64'), 'openssl pkcs12'],
])('a file of %s is not supported, and the error says how to convert it', async (_, input, hint) => {
  await expect(parsePrivateKey(input)).rejects.toMatchObject({
    code: 'UNSUPPORTED_KEY',
    message: expect.stringContaining(hint),
  })
})

describe('what is no private key is refused:', () => {
  const [pem, der] = written(ec, 'pkcs8') as [string, Buffer]
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const point = (publicKey: KeyObject) => spki(publicKey).subarray(26)
  /** The same private half with somebody else's public half. */
  const mixed = Buffer.from(
    der
      .toString('hex')
      .replace(Buffer.from(point(ec.publicKey)).toString('hex'), Buffer.from(point(other.publicKey)).toString('hex')),
    'hex',
  )
  const [, rsaDer] = written(rsa, 'pkcs8') as [string, Buffer]

  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['no bytes', new Uint8Array()],
    ['text', 'my key'],
    ['binary', Uint8Array.from({ length: 300 }, (_, index) => index & 255)],
    ['a public key', String(ec.publicKey.export({ type: 'spki', format: 'pem' }))],
    ['a public key in DER', spki(ec.publicKey)],
    ['two private keys', pem + String(other.privateKey.export({ type: 'pkcs8', format: 'pem' }))],
    ['a key and no end', pem.slice(0, -20)],
    ['base64 with a hole', pem.replace(/\n(.)/, '\n!')],
    ['a key that is cut off', encodePem('PRIVATE KEY', der.subarray(0, 100))],
    ['a key and a byte', Buffer.concat([der, Buffer.from([0])])],
    ['another label', encodePem('RSA PRIVATE KEY', der)],
    ['a label of encryption', encodePem('ENCRYPTED PRIVATE KEY', der)],
    ['a label that is none', pem.replaceAll('PRIVATE KEY', 'SECRET KEY')],
    ['halves that do not belong together', mixed],
    ['an RSA key without its last number', encodePem('PRIVATE KEY', rsaDer.subarray(0, -40))],
    ['a JSON Web Key', JSON.stringify(ec.privateKey.export({ format: 'jwk' }))],
    ['an empty structure', Uint8Array.of(0x30, 0)],
    ['a structure of nothing', Uint8Array.of(0x30, 8, 2, 1, 0, 0x30, 0, 4, 1, 0)],
  ])('%s', async (_, input) => {
    expect(mixed.length).toBe(der.length)
    expect(equalBytes(mixed, der)).toBe(false)
    await expect(parsePrivateKey(input, { passphrase })).rejects.toMatchObject({ code: 'INVALID_KEY' })
  })
})
