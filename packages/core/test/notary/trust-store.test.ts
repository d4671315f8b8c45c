// SPDX-License-Identifier: Apache-2.0
import {
  createFakeAuthority,
  createFakeLeaf,
  type FakeAuthority,
  type FakeCertificate,
} from '@ocisign/conformance/fake'
import { beforeAll, describe, expect, test } from 'vitest'
import { concatBytes, encodeText } from '../../src/bytes.js'
import { isOcisignError } from '../../src/errors.js'
import { createMemoryTrustStore, type TrustStoreContents } from '../../src/notary/trust-store.js'
import { encodePem } from '../../src/x509/pem.js'

let root: FakeAuthority
let intermediate: FakeAuthority
let leaf: FakeCertificate
let selfSigned: FakeCertificate
beforeAll(async () => {
  root = await createFakeAuthority()
  intermediate = await root.issueAuthority()
  leaf = await intermediate.issue()
  selfSigned = await createFakeLeaf()
})

const pem = (...certificates: readonly Uint8Array[]) =>
  certificates.map((der) => encodePem('CERTIFICATE', der)).join('')

const create = async (contents: unknown) => {
  try {
    return await createMemoryTrustStore(contents as TrustStoreContents)
  } catch (error) {
    if (isOcisignError(error)) return error.code
    throw error
  }
}
const load = async (contents: TrustStoreContents, type: 'ca' | 'signingAuthority' | 'tsa' = 'ca') =>
  (await createMemoryTrustStore(contents)).load({ type, name: 'acme' })
/** A certificate whose signature does not fit any more. */
const spoil = (der: Uint8Array) => {
  const spoilt = new Uint8Array(der)
  spoilt[spoilt.length - 1]! ^= 1
  return spoilt
}

describe('what a store may hold', () => {
  test.each<[string, () => Uint8Array, boolean, boolean]>([
    ['a root', () => root.certificate, true, true],
    ['an intermediate', () => intermediate.certificate, true, false],
    ['X11: a leaf', () => leaf.chain[0]!, false, false],
    ['a leaf that signed itself', () => selfSigned.chain[0]!, true, false],
    ['a leaf that signed itself, spoilt', () => spoil(selfSigned.chain[0]!), false, false],
    ['a root whose own signature does not fit', () => spoil(root.certificate), true, false],
  ])('%s', async (_, certificate, inCa, inTsa) => {
    const verdict = async (type: string) => typeof (await create({ [type]: { acme: [certificate()] } })) !== 'string'
    expect(await verdict('ca')).toBe(inCa)
    expect(await verdict('signingAuthority')).toBe(inCa)
    expect(await verdict('tsa')).toBe(inTsa)
  })

  test('a tsa store holds no root that may not issue, nor one below another of its name', async () => {
    const idle = await createFakeAuthority({ keyUsage: ['cRLSign'] })
    expect(await create({ tsa: { acme: [idle.certificate] } })).toBe('INVALID_TRUST_STORE')
    const namesake = await root.issueAuthority({ subject: 'C=US,ST=WA,O=ocisign test,CN=fake root' })
    expect(await create({ tsa: { acme: [namesake.certificate] } })).toBe('INVALID_TRUST_STORE')
    const unrestricted = await createFakeAuthority({ keyUsage: undefined })
    expect(typeof (await create({ tsa: { acme: [unrestricted.certificate] } }))).toBe('object')
  })

  test('X11: an expired root is kept: time is judged when verifying', async () => {
    const expired = await createFakeAuthority({ notBefore: new Date('2020-01-01Z'), notAfter: new Date('2021-01-01Z') })
    expect(await load({ ca: { acme: [expired.certificate] } })).toHaveLength(1)
  })

  test('X4: a leaf that signed itself with SHA-1 did not prove it', async () => {
    const weak = await createFakeLeaf({ sha1: true })
    expect(await create({ ca: { acme: [weak.chain[0]] } })).toBe('INVALID_TRUST_STORE')
  })

  test.each<[string, () => unknown]>([
    ['nothing', () => []],
    ['an empty file', () => [new Uint8Array()]],
    ['junk', () => [Uint8Array.of(1, 2, 3)]],
    ['text', () => ['not a certificate']],
    ['DER cut off', () => [root.certificate.subarray(0, -1)]],
    ['DER with something after it', () => [concatBytes(root.certificate, Uint8Array.of(0))]],
    ['a key beside the certificate', () => [pem(root.certificate) + selfSigned.keyPem]],
    ['a key', () => [selfSigned.keyPem]],
    ['a leaf beside the root', () => [pem(root.certificate, leaf.chain[0]!)]],
    ['a leaf in another file', () => [root.certificate, leaf.chain[0]]],
    ['a block of another kind', () => [encodePem('TRUSTED CERTIFICATE', root.certificate)]],
  ])('%s makes it invalid', async (_, files) => {
    expect(await create({ ca: { acme: files() } })).toBe('INVALID_TRUST_STORE')
  })
})

describe('forms', () => {
  test('DER, several in a row, PEM with text around, each certificate once', async () => {
    const text = `root of Acme\n${pem(root.certificate)}and below it\n${pem(intermediate.certificate)}`
    for (const file of [text, encodeText(text), concatBytes(root.certificate, intermediate.certificate)])
      expect((await load({ ca: { acme: [file] } })).map(({ certificate }) => certificate.der)).toEqual([
        root.certificate,
        intermediate.certificate,
      ])
    expect(await load({ ca: { acme: [root.certificate, pem(root.certificate, root.certificate)] } })).toHaveLength(1)
  })

  test('a certificate that signed itself comes with its key at hand, no other does', async () => {
    const anchors = await load({ ca: { acme: [root.certificate, intermediate.certificate, spoil(root.certificate)] } })
    expect(anchors.map(({ key }) => key !== undefined)).toEqual([true, false, false])
    expect(anchors[0]!.key!.publicKey).toEqual(anchors[0]!.certificate.publicKey)
  })

  test('J7: what was passed in may change without changing who is trusted', async () => {
    const bytes = new Uint8Array(root.certificate)
    const store = await createMemoryTrustStore({ ca: { acme: [bytes] } })
    bytes.fill(0)
    const [anchor] = await store.load({ type: 'ca', name: 'acme' })
    expect(anchor!.certificate.der).toEqual(root.certificate)
  })
})

describe('stores', () => {
  test('threat model: faking a signing authority: stores of one type are nothing to another', async () => {
    const store = await createMemoryTrustStore({ ca: { acme: [root.certificate] }, tsa: { time: [root.certificate] } })
    const code = async (type: 'ca' | 'signingAuthority' | 'tsa', name: string) => {
      try {
        return (await store.load({ type, name })).length
      } catch (error) {
        return isOcisignError(error) ? error.code : error
      }
    }
    expect(await code('ca', 'acme')).toBe(1)
    expect(await code('tsa', 'time')).toBe(1)
    for (const [type, name] of [
      ['signingAuthority', 'acme'],
      ['tsa', 'acme'],
      ['ca', 'time'],
      ['ca', 'Acme'],
      ['ca', ''],
      ['ca', 'constructor'],
      ['__proto__', 'acme'],
    ])
      expect(await code(type as 'ca', name!)).toBe('UNAVAILABLE_NOT_FOUND')
  })

  test('loading the same store twice gives the same anchors, at once', async () => {
    const store = await createMemoryTrustStore({ ca: { acme: [root.certificate] } })
    const first = store.load({ type: 'ca', name: 'acme' })
    expect(first).not.toBeInstanceOf(Promise)
    expect(store.load({ type: 'ca', name: 'acme' })).toBe(first)
    expect(Object.isFrozen(first)).toBe(true)
  })

  test.each([
    ['an unknown type', { CA: {} }],
    ['J1: a type from the prototype', JSON.parse('{"__proto__":{}}')],
    ['a name that is a path', { ca: { '../tsa': [] } }],
    ['"."', { ca: { '.': [] } }],
    ['".."', { ca: { '..': [] } }],
    ['an empty name', { ca: { '': [] } }],
  ])('%s is a misuse', async (_, contents) => expect(await create(contents)).toBe('MISUSE_OPTION'))
})
