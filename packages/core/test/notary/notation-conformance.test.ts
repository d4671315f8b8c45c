// SPDX-License-Identifier: Apache-2.0
// notation-core-go's conformance.json of both formats: what it writes for given attributes, and reads back. Its tests
// leave certificates and signatures to the run, so here they are stand-ins: formats look at neither.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openNotationTestdata } from '../../../conformance/src/vectors/index.js'
import type { Algorithm } from '../../src/algorithm.js'
import { concatBytes, encodeText } from '../../src/bytes.js'
import { type EnvelopeContent, payloadMediaType } from '../../src/notary/envelope.js'
import { cose } from '../../src/notary/format/cose.js'
import { jws } from '../../src/notary/format/jws.js'

const AGENT = 'NotationConformanceTest/1.0.0'
const CHAIN = [Uint8Array.of(0x30, 0)]

let directory: string
let close: () => Promise<void>
beforeAll(async () => {
  ;({ directory, close } = await openNotationTestdata())
})
afterAll(() => close())

const load = async (format: string) =>
  JSON.parse(await readFile(join(directory, 'notation-core-go/signature', format, 'testdata/conformance.json'), 'utf8'))
const extended = (key: string, critical: boolean) => ({ key, value: key.replace(/Key\d?/, 'Value1'), critical })

describe('JWS', () => {
  const content: EnvelopeContent = {
    payload: encodeText('{"key":"hello JWS"}'),
    payloadType: payloadMediaType,
    attributes: {
      signingScheme: 'notary.x509',
      signingTime: new Date('2022-08-29T13:50:00Z'),
      expiry: new Date('2099-08-30T13:50:00Z'),
      extended: [
        extended('signedCritKey1', true),
        extended('signedKey1', false),
        extended('signedKey2', false),
        extended('signedKey3', false),
        extended('signedKey4', false),
      ],
    },
  }
  const algorithm: Algorithm = { scheme: 'ECDSA', hash: 'sha256', keyBits: 256 }

  test('what it reads', async () => {
    const file = await load('jws')
    file.header.x5c = CHAIN.map((der) => Buffer.from(der).toString('base64'))
    const read = jws.parse(encodeText(JSON.stringify(file)))
    expect(read.algorithm).toEqual({ scheme: 'ECDSA', hash: 'sha256' })
    expect(read.payload).toEqual(content.payload)
    expect(read.payloadType).toBe(content.payloadType)
    expect(read.attributes).toEqual({ ...content.attributes, authenticSigningTime: undefined })
    expect(read.chain).toEqual(CHAIN)
    expect(read.unsigned.signingAgent).toBe(AGENT)
    expect(read.signature).toHaveLength(64)
  })

  test('what it writes: the same payload and the same headers in the same order, but for the order of crit', async () => {
    const file = await load('jws')
    const prepared = jws.prepare(content, algorithm)
    const signature = new Uint8Array(Buffer.from(file.signature, 'base64url'))
    const sealed = prepared.seal({ signature, material: { kind: 'x509', chain: CHAIN } }, { signingAgent: AGENT })
    const written = JSON.parse(new TextDecoder().decode(sealed))
    expect(written.payload).toBe(file.payload)
    expect(written.signature).toBe(file.signature)
    expect(written.header['io.cncf.notary.signingAgent']).toBe(AGENT)
    expect(new TextDecoder().decode(prepared.toBeSigned)).toBe(`${written.protected}.${written.payload}`)
    const [ours, theirs] = [written.protected, file.protected].map((header) => {
      const text = Buffer.from(header, 'base64url').toString()
      const { crit } = JSON.parse(text)
      return { crit: [...crit].sort(), text: text.replace(/"crit":\[[^\]]*\]/, '"crit":[]') }
    })
    expect(ours).toEqual(theirs)
  })
})

describe('COSE', () => {
  const content: EnvelopeContent = {
    payload: encodeText('hello COSE'),
    payloadType: payloadMediaType,
    attributes: {
      signingScheme: 'notary.x509',
      signingTime: new Date(1661321924_000),
      expiry: new Date(1661408324_000),
      extended: [extended('signedCritKey1', true), extended('signedKey1', false)],
    },
  }
  const algorithm: Algorithm = { scheme: 'RSASSA-PSS', hash: 'sha384', keyBits: 3072 }
  const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))

  /** The message with a certificate chain in front of its one unprotected parameter. */
  function withChain(message: Uint8Array, unprotected: Uint8Array): Uint8Array {
    const at = Buffer.from(message).indexOf(Buffer.from(unprotected))
    const chain = bytes('182181423000')
    return concatBytes(message.subarray(0, at), Uint8Array.of(0xa2), chain, message.subarray(at + 1))
  }

  test('what it reads', async () => {
    const file = await load('cose')
    const message = bytes(file.expectedOutput.cborHex)
    expect(() => cose.parse(message), 'without a certificate chain').toThrow(
      expect.objectContaining({ code: 'INVALID_ENVELOPE' }),
    )
    const read = cose.parse(withChain(message, bytes(file.unprotectedHeaders.cborHex)))
    expect(read.algorithm).toEqual({ scheme: 'RSASSA-PSS', hash: 'sha384' })
    expect(read.payload).toEqual(content.payload)
    expect(read.payload).toEqual(bytes(file.payload))
    expect(read.payloadType).toBe(content.payloadType)
    const { extended: attributes, ...specified } = read.attributes
    const { extended: expected, ...wanted } = content.attributes
    expect(specified).toEqual({ ...wanted, authenticSigningTime: undefined })
    expect([...attributes].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual(expected)
    expect(read.chain).toEqual(CHAIN)
    expect(read.unsigned.signingAgent).toBe(AGENT)
  })

  test('what it writes: the same bytes', async () => {
    const file = await load('cose')
    const message = bytes(file.expectedOutput.cborHex)
    const prepared = cose.prepare(content, algorithm)
    const protectedHeader = bytes(file.protectedHeaders.cborHex)
    expect(Buffer.from(prepared.toBeSigned).includes(Buffer.from(protectedHeader))).toBe(true)
    const signature = message.slice(-384)
    const sealed = prepared.seal({ signature, material: { kind: 'x509', chain: CHAIN } }, { signingAgent: AGENT })
    // A chain of one may be a byte string in COSE; Notation writes an array always, and so does this.
    expect(sealed).toEqual(withChain(message, bytes(file.unprotectedHeaders.cborHex)))
  })
})
