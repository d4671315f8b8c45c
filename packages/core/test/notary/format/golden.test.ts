// SPDX-License-Identifier: Apache-2.0
// Envelopes that notation-go made, read and verified down to the signature.
import { constants, verify, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { coseDecoder } from '../../../src/notary/format/cose-decoder.js'
import { jwsDecoder } from '../../../src/notary/format/jws-decoder.js'
import { parsePayload } from '../../../src/notary/payload.js'

const read = (name: string, file: string) =>
  readFileSync(new URL(`../../../../../bench/fixtures/${name}/${file}`, import.meta.url))

describe.each(['p256', 'p384', 'rsa2048', 'rsa3072'])('%s', (key) => {
  test.each([
    ['jws', jwsDecoder],
    ['cose', coseDecoder],
  ] as const)('%s', (format, decoder) => {
    const name = `${format}-${key}`
    const envelope = decoder.parse(read(name, 'envelope'))
    const { mediaType, digest, size } = JSON.parse(read(name, 'descriptor.json').toString())
    expect(parsePayload(envelope.payload)).toEqual({ mediaType, digest, size })
    const chain = envelope.chain.map((der) => new X509Certificate(der))
    const pems = read(name, 'chain.pem')
      .toString()
      .trim()
      .split(/(?<=-----END CERTIFICATE-----)\s+/)
    expect(chain.map(({ fingerprint256 }) => fingerprint256)).toEqual(
      pems.map((pem) => new X509Certificate(pem).fingerprint256),
    )
    const { scheme, hash } = envelope.algorithm
    expect([scheme, hash]).toEqual([
      key.startsWith('p') ? 'ECDSA' : 'RSASSA-PSS',
      key === 'p256' || key === 'rsa2048' ? 'sha256' : 'sha384',
    ])
    const options =
      scheme === 'ECDSA'
        ? { dsaEncoding: 'ieee-p1363' as const }
        : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    expect(verify(hash, envelope.toBeSigned, { key: chain[0]!.publicKey, ...options }, envelope.signature)).toBe(true)
    expect(envelope.attributes.signingScheme).toBe('notary.x509')
    expect(envelope.unsigned.signingAgent).toMatch(/^notation/)
  })
})
