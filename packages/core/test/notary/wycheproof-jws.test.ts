// SPDX-License-Identifier: Apache-2.0
// Wycheproof's JWS cases are compact and have no Notary headers, so no decoder here takes even the valid ones. They are
// put to use in three ways: each whole, which must be refused and never crash; each in its parts, through the same
// primitives that judge a Notary envelope; and what the invalid ones do to a JWS, done to a good Notary envelope.
import { createPublicKey, type JsonWebKeyInput } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  loadWycheproof,
  openNotationTestdata,
  type WycheproofJwsCase,
  type WycheproofJwsGroup,
} from '../../../conformance/src/vectors/index.js'
import { decodeBase64Url, encodeText } from '../../src/bytes.js'
import { importPublicKey, verifySignature } from '../../src/crypto/node.js'
import type { PublicKey, SignatureAlgorithm } from '../../src/crypto/platform.js'
import { isOcisignError } from '../../src/errors.js'
import { parseJsonObject } from '../../src/json.js'
import { jwsDecoder } from '../../src/notary/format/jws-decoder.js'

type Step = 'shape' | 'encoding' | 'header' | 'algorithm' | 'signature' | 'accepted'

const ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  ES256: { scheme: 'ECDSA', hash: 'sha256' },
  ES512: { scheme: 'ECDSA', hash: 'sha512' },
  PS256: { scheme: 'RSASSA-PSS', hash: 'sha256' },
  PS384: { scheme: 'RSASSA-PSS', hash: 'sha384' },
  PS512: { scheme: 'RSASSA-PSS', hash: 'sha512' },
}

/** Which cases cannot be put through the primitives, and why. */
function reasonToLeaveOut(
  { public: key, private: secret }: WycheproofJwsGroup,
  one: WycheproofJwsCase,
): string | undefined {
  const { alg, use, key_ops: operations } = key ?? secret ?? {}
  if (one.flags.includes('JsonSerialization'))
    return 'a JWS in the general serialization, which only a compact decoder must refuse'
  if (use === 'enc' || (Array.isArray(operations) && operations.includes('encrypt')))
    return 'a JSON Web Key that says what it is for: certificates say it, and the certificate profile judges them'
  if (/^RS/.test(String(alg)))
    return 'RSASSA-PKCS1-v1_5, which Notary Project signatures do not use; see crypto/wycheproof'
  if (/^HS/.test(String(alg))) return 'a MAC: only how its parts are encoded applies'
  return undefined
}

function publicKeyOf(key: Readonly<Record<string, unknown>>): PublicKey {
  const handle = createPublicKey({ key, format: 'jwk' } as JsonWebKeyInput)
  const spki = new Uint8Array(handle.export({ format: 'der', type: 'spki' }))
  const part = (name: string) => new Uint8Array(Buffer.from(String(key[name]), 'base64url'))
  if (key.kty === 'RSA') {
    const modulus = part('n')
    return { kind: 'rsa', modulus, exponent: part('e'), spki, bits: handle.asymmetricKeyDetails!.modulusLength! }
  }
  const curve = key.crv as 'P-256' | 'P-521'
  const size = Math.ceil(Number(curve.slice(2)) / 8)
  return { kind: 'ec', curve, point: spki.slice(-2 * size - 1), spki, bits: Number(curve.slice(2)) }
}

/** Whose encoding is canonical, and whose header is a JSON object; throws INVALID_ like a decoder. */
function decode(jws: string) {
  const [header, payload, signature, ...more] = jws.split('.')
  if (!header || payload === undefined || !signature || more.length > 0) return 'shape' as const
  decodeBase64Url(payload)
  const bytes = { header: decodeBase64Url(header), signature: decodeBase64Url(signature) }
  return {
    header: parseJsonObject(bytes.header),
    signature: bytes.signature,
    toBeSigned: encodeText(`${header}.${payload}`),
  }
}

/** How far a JWS gets. */
async function judge(jws: string, key: PublicKey | undefined, algorithm: string): Promise<Step> {
  try {
    const decoded = decode(jws)
    if (decoded === 'shape') return decoded
    if (decoded.header.alg !== algorithm) return 'algorithm'
    if (!key) return 'accepted'
    const handle = await importPublicKey(key)
    const answer = await verifySignature(handle, ALGORITHMS[algorithm]!, decoded.toBeSigned, decoded.signature)
    return answer ? 'accepted' : 'signature'
  } catch (error) {
    if (isOcisignError(error, 'INVALID_BASE64')) return 'encoding'
    if (isOcisignError(error, 'INVALID_JSON') || isOcisignError(error, 'INVALID_TEXT')) return 'header'
    throw error
  }
}

let groups: readonly WycheproofJwsGroup[]
beforeAll(async () => {
  groups = (await loadWycheproof('json_web_signature')).testGroups
})

test('each of the 401, in the flattened serialization and as it is, is refused as no envelope', () => {
  let count = 0
  for (const { jws } of groups.flatMap((group) => group.tests)) {
    const [encoded, payload, signature] = jws.split('.')
    const flattened = JSON.stringify({ payload, protected: encoded, header: { x5c: ['AA=='] }, signature })
    for (const text of [flattened, jws, JSON.stringify(jws)]) {
      expect(() => jwsDecoder.parse(encodeText(text))).toThrow(expect.objectContaining({ code: 'INVALID_ENVELOPE' }))
    }
    count += 1
  }
  console.info(`wycheproof JWS through the decoder: 1 file, ${count} cases, all refused`)
  expect(count).toBe(401)
})

test('valid signatures of our algorithms verify, and each invalid one is refused where it is wrong', async () => {
  const leftOut: Record<string, number> = {}
  const steps: Record<string, number> = {}
  for (const group of groups) {
    for (const one of group.tests) {
      const reason = reasonToLeaveOut(group, one)
      if (reason !== undefined) {
        leftOut[reason] = (leftOut[reason] ?? 0) + 1
        continue
      }
      const key = group.public!
      // The key's own alg is wrong in RFC 7520's examples: ES521 is no name, and figure 20 says PS384 in its header.
      const algorithm = { Figure20: 'PS384', Figure27: 'ES512' }[one.comment] ?? String(key.alg)
      const step = await judge(one.jws, publicKeyOf(key), algorithm)
      expect([one.tcId, one.comment, step === 'accepted']).toEqual([one.tcId, one.comment, one.result === 'valid'])
      steps[step] = (steps[step] ?? 0) + 1
    }
  }
  const run = Object.values(steps).reduce((sum, count) => sum + count)
  const out = Object.values(leftOut).reduce((sum, count) => sum + count)
  console.info(
    `wycheproof JWS through the primitives: 1 file, ${run} cases run ${JSON.stringify(steps)}, ${out} left out:`,
  )
  for (const [reason, count] of Object.entries(leftOut)) console.info(`  ${count}: ${reason}`)
  expect({ run, out }).toEqual({ run: 116, out: 285 })
})

test('lax base64url is refused whatever the signature says', async () => {
  const base64 = groups.find((group) => group.comment === 'base64')!
  // Wycheproof calls two of them valid because the characters that do not belong there are skipped, and in two the
  // padding that makes them invalid got lost on the way into the file: they are case 357, byte for byte.
  const expected: Readonly<Record<number, Step>> = {
    372: 'encoding',
    373: 'encoding',
    367: 'accepted',
    370: 'accepted',
  }
  let count = 0
  for (const one of base64.tests) {
    const right = expected[one.tcId] ?? (one.result === 'valid' ? 'accepted' : 'encoding')
    expect([one.tcId, one.comment, await judge(one.jws, undefined, 'HS256')]).toEqual([one.tcId, one.comment, right])
    count += 1
  }
  const jws = (tcId: number) => base64.tests.find((one) => one.tcId === tcId)?.jws
  expect([jws(367), jws(370)]).toEqual([jws(357), jws(357)])
  console.info(`wycheproof JWS encodings: 1 file, ${count} cases`)
  expect(count).toBe(21)
})

describe('what the invalid cases do to a JWS, done to a Notary envelope', () => {
  interface Parts {
    payload: string
    protected: string
    signature: string
    header: unknown
  }
  let good: Parts
  let close: () => Promise<void>
  beforeAll(async () => {
    const testdata = await openNotationTestdata()
    close = testdata.close
    const path = join(testdata.directory, 'notation-go/internal/mock/testdata/sig_env_with_metadata.json')
    good = JSON.parse(await readFile(path, 'utf8'))
  })
  afterAll(() => close())

  const parse = (envelope: object) => jwsDecoder.parse(encodeText(JSON.stringify(envelope)))
  const reheaded = (change: (header: Record<string, unknown>) => void) => {
    const header = JSON.parse(Buffer.from(good.protected, 'base64url').toString())
    change(header)
    return { ...good, protected: Buffer.from(JSON.stringify(header)).toString('base64url') }
  }
  /** The last character with its spare bits set: the same bytes to a lax decoder. */
  const spareBits = (text: string) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    expect(text.length % 4).not.toBe(0)
    return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)!) + 1]
  }

  test('the envelope itself is read', () => {
    expect(parse(good).algorithm).toEqual({ scheme: 'RSASSA-PSS', hash: 'sha256' })
    expect(parse(reheaded(() => undefined)).algorithm.hash).toBe('sha256')
  })

  const changes: Readonly<Record<string, () => object>> = {
    'spaces in the signature': () => ({ ...good, signature: `    ${good.signature}` }),
    'an invalid character before the signature': () => ({ ...good, signature: `?${good.signature}` }),
    'an invalid character after the signature': () => ({ ...good, signature: `${good.signature}?` }),
    'an invalid character in place of another': () => ({ ...good, signature: `?${good.signature.slice(1)}` }),
    'spaces after the header': () => ({ ...good, protected: `${good.protected}    ` }),
    'invalid characters after the header': () => ({ ...good, protected: `${good.protected}####` }),
    'an invalid character in the header': () => ({
      ...good,
      protected: `${good.protected.slice(0, -1)}?${good.protected.at(-1)}`,
    }),
    'spaces before the payload': () => ({ ...good, payload: `    ${good.payload}` }),
    'invalid characters before the payload': () => ({ ...good, payload: `####${good.payload}` }),
    'an invalid character after the payload': () => ({ ...good, payload: `${good.payload}?` }),
    'padding of the payload': () => ({
      ...good,
      payload: `${good.payload}${'='.repeat(-good.payload.length & 3 || 4)}`,
    }),
    'padding of the signature': () => ({ ...good, signature: `${good.signature}==` }),
    'spare bits in the signature': () => ({ ...good, signature: spareBits(good.signature) }),
    'no payload': () => ({ ...good, payload: '' }),
    'the payload left out': () => ({ ...good, payload: undefined }),
    'no signature': () => ({ ...good, signature: '' }),
    'the signature left out': () => ({ ...good, signature: undefined }),
    'no header': () => ({ ...good, protected: '' }),
    'the header left out': () => ({ ...good, protected: undefined }),
    nothing: () => ({}),
    'another component': () => ({ ...good, extra: 'foo' }),
    'the general serialization': () => ({
      payload: good.payload,
      signatures: [{ protected: good.protected, header: good.header, signature: good.signature }],
    }),
    'both serializations at once': () => ({ ...good, signatures: [] }),
    'alg none': () => reheaded((header) => Object.assign(header, { alg: 'none' })),
    'alg NONE': () => reheaded((header) => Object.assign(header, { alg: 'NONE' })),
    'alg none without a signature': () => ({
      ...reheaded((header) => Object.assign(header, { alg: 'none' })),
      signature: '',
    }),
    'alg HS256': () => reheaded((header) => Object.assign(header, { alg: 'HS256' })),
    'alg RS256': () => reheaded((header) => Object.assign(header, { alg: 'RS256' })),
    'alg in another case': () => reheaded((header) => Object.assign(header, { alg: 'ps256' })),
    'no alg': () => reheaded((header) => Object.assign(header, { alg: undefined })),
  }
  test.each(Object.keys(changes))('%s is refused', (name) => {
    expect(() => parse(changes[name]!())).toThrow(expect.objectContaining({ code: 'INVALID_ENVELOPE' }))
  })

  test('a key in the header decides nothing: the certificate is where the key comes from', () => {
    const jwk = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', alg: 'ES256' }
    const { attributes, chain } = parse(reheaded((header) => Object.assign(header, { jwk })))
    expect(attributes.extended).toEqual([{ key: 'jwk', value: jwk, critical: false }])
    expect(chain).toEqual(parse(good).chain)
  })
})
