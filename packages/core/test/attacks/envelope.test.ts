// SPDX-License-Identifier: Apache-2.0
// What was done to JOSE and COSE libraries, done to envelopes whose every other part is right.
import { createHmac, createPrivateKey, createSign, sign } from 'node:crypto'
import { createFakeAuthority } from '@ocisign/conformance/fake'
import {
  type Algorithm,
  cose,
  createMemoryTrustStore,
  encodeText,
  isOcisignError,
  jws,
  parsePem,
  type Signature,
  type SigningKey,
  type Target,
  type X509Material,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { beforeAll, describe, expect, test } from 'vitest'
import { caught, code, repository } from '../families.js'
import { coseOf, makeCose } from '../notary/format/make.js'
import { createScene, leafSubject } from '../notary/scene.js'
import {
  attribute,
  basicConstraints,
  commonName,
  keyUsage,
  leafExtensions,
  makeCertificate,
  name,
  newEcKey,
  printableString,
  utf8,
} from '../x509/make.js'

const target: Target = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7 }
const context = { scope: repository }
const base64url = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64url')

let scene: Awaited<ReturnType<typeof createScene>>
let good: Record<string, unknown>
beforeAll(async () => {
  scene = await createScene()
  good = JSON.parse(new TextDecoder().decode((await scene.signerOf().sign(target)).bytes))
})

/** The envelope with its protected header changed and signed anew, by whatever means. */
function forge(change: Record<string, unknown>, sign: (message: string) => Uint8Array | Promise<Uint8Array>) {
  const header = { ...JSON.parse(Buffer.from(String(good.protected), 'base64url').toString()), ...change }
  const encoded = base64url(JSON.stringify(header))
  return Promise.resolve(sign(`${encoded}.${good.payload}`)).then((signature) => ({
    ...good,
    protected: encoded,
    signature: base64url(signature),
  }))
}

const signAsItShouldBe = async (message: string) => (await scene.key.sign(encodeText(message))).signature
const judge = (envelope: unknown, mediaType = jws.mediaType) => {
  const bytes = envelope instanceof Uint8Array ? envelope : encodeText(JSON.stringify(envelope))
  return scene.verifierOf().verify(target, { mediaType, bytes }, context)
}

/** The code of what integrity says, which is where all of these have to end. */
async function integrityOf(envelope: unknown, mediaType?: string) {
  const error = await caught(judge(envelope, mediaType))
  if (!isOcisignError(error, 'UNTRUSTED_SIGNATURE')) throw error
  const outcome = error.details.outcomes?.integrity
  return outcome && 'error' in outcome ? outcome.error.code : outcome?.status
}

test('the forger’s own tools make what is accepted, where nothing is changed', async () => {
  expect((await judge(await forge({}, signAsItShouldBe))).decision).toBe('verified')
})

describe('the algorithm follows from the key', () => {
  test.each(['none', 'nOnE', 'NONE', '', 'HS256', 'hs256', 'RS256', 'PS256', 'ES384', 'ES256K', 'EdDSA', 'ES256 '])(
    'GHSA-9gxv-x7rp-r2hc, CVE-2022-29217: alg %j with a signature that is otherwise good',
    async (alg) => {
      expect(await integrityOf(await forge({ alg }, signAsItShouldBe))).toMatch(
        /^INVALID_ENVELOPE|^UNTRUSTED_INTEGRITY/,
      )
    },
  )

  test('CVE-2017-11424, CVE-2024-37568, CVE-2025-65945: a MAC keyed with what is public', async () => {
    const spki = scene.chain[0]!
    const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(spki).toString('base64')}\n-----END CERTIFICATE-----\n`
    for (const secret of [spki, pem, ''])
      for (const alg of ['HS256', 'ES256'])
        expect(
          await integrityOf(await forge({ alg }, (message) => createHmac('sha256', secret).update(message).digest())),
        ).toMatch(/^INVALID_ENVELOPE|^UNTRUSTED_INTEGRITY/)
  })

  test('GHSA-mvf2-f6gm-w987: white space before PEM makes no other key of it', () => {
    const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(scene.root).toString('base64')}\n-----END CERTIFICATE-----\n`
    expect(parsePem(`\n\n${pem}`)).toMatchObject([{ label: 'CERTIFICATE' }])
    expect(() => parsePem(` ${pem}`)).toThrow(expect.objectContaining(code('INVALID_PEM')))
    expect(() => parsePem(`\u00a0${pem}`)).toThrow(expect.objectContaining(code('INVALID_PEM')))
  })

  test('ES256 with a key on P-384, and the other way round', async () => {
    const p384: Algorithm = { scheme: 'ECDSA', hash: 'sha384', keyBits: 384 }
    const other = await createTestChain({ algorithm: p384, subject: leafSubject })
    const trustStore = await createMemoryTrustStore({ ca: { test: [other.chain.at(-1)!] } })
    const x5c = other.chain.map((der) => Buffer.from(der).toString('base64'))
    const privateKey = createPrivateKey(other.keyPem)
    const message = `${good.protected}.${good.payload}`
    const signature = createSign('sha256').update(message).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' })
    const bytes = encodeText(JSON.stringify({ ...good, header: { x5c }, signature: base64url(signature) }))
    const verifier = scene.verifierOf({ trustStore, trustStores: ['ca:test'] })
    const error = await caught(verifier.verify(target, { mediaType: jws.mediaType, bytes }, context))
    expect(error).toMatchObject(code('UNTRUSTED_SIGNATURE', { details: { refusals: [{ by: 'integrity' }] } }))
  })

  test('GHSA-jc38-x7x8-2xc8: what the unprotected header says of it refuses', async () => {
    const header = good.header as object
    for (const more of [{ alg: 'ES256' }, { crit: ['x'] }, { cty: 'x' }, { b64: false }])
      expect(await integrityOf({ ...good, header: { ...header, ...more } })).toBe('INVALID_ENVELOPE')
  })

  test('b64: false is refused, protected or not', async () => {
    for (const change of [{ b64: false }, { b64: true }, { b64: false, crit: ['b64'] }])
      expect(await integrityOf(await forge(change, signAsItShouldBe))).toBe('INVALID_ENVELOPE')
  })

  test('a key in the header is nobody’s key', async () => {
    for (const name of ['jwk', 'jku', 'x5u', 'kid']) {
      const forged = await forge({ [name]: 'http://127.0.0.1:9/key' }, () => new Uint8Array(64).fill(1))
      expect(await integrityOf(forged)).toMatch(/^INVALID_ENVELOPE|^UNTRUSTED_INTEGRITY/)
    }
  })
})

describe('one form only', () => {
  test('CVE-2022-39227: the compact form, and both at once', async () => {
    const compact = `${good.protected}.${good.payload}.${good.signature}`
    expect(await integrityOf(encodeText(compact))).toBe('INVALID_ENVELOPE')
    expect(await integrityOf(compact)).toBe('INVALID_ENVELOPE')
    expect(await integrityOf({ ...good, [compact]: '' })).toBe('INVALID_ENVELOPE')
  })

  test('CVE-2016-9122: more than one signature', async () => {
    const { payload, ...signature } = good
    expect(await integrityOf({ payload, signatures: [signature] })).toBe('INVALID_ENVELOPE')
    expect(await integrityOf({ ...good, signatures: [signature] })).toBe('INVALID_ENVELOPE')
  })

  test('CVE-2025-27144, GHSA-2c7c-3mj9-8fqh: a megabyte of dots is refused before it is split', async () => {
    const started = performance.now()
    for (const bytes of ['.'.repeat(1024 * 1024), `"${'.'.repeat(1024 * 1024)}"`, '{'.repeat(1024 * 1024)])
      expect(await integrityOf(encodeText(bytes))).toBe('INVALID_ENVELOPE')
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('CVE-2024-28180, CVE-2024-28122, CVE-2024-21664: nothing is decompressed or decrypted', async () => {
    const forged = await forge({ zip: 'DEF', enc: 'A256GCM' }, signAsItShouldBe)
    const verified = await judge(forged)
    // Other headers are shown and ignored: the payload is what its bytes say.
    expect(verified.claims.extendedAttributes.map(({ key }) => key)).toEqual(expect.arrayContaining(['zip', 'enc']))
    expect(verified.claims.target).toMatchObject(target)
  })

  test('CVE-2023-49290: no header makes work: iterations are not iterated', async () => {
    const started = performance.now()
    const forged = await forge({ alg: 'PBES2-HS256+A128KW', p2c: 2 ** 53 - 1, p2s: 'AA' }, signAsItShouldBe)
    expect(await integrityOf(forged)).toBe('INVALID_ENVELOPE')
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('COSE', () => {
  const refuse = async (bytes: Uint8Array) => expect(await integrityOf(bytes, cose.mediaType)).toBe('INVALID_ENVELOPE')

  test('cose-lib#171: a label twice', async () => {
    for (const map of [
      [0xa2, 0x01, 0x26, 0x01, 0x26],
      [0xa2, 0x01, 0x26, 0x18, 0x01, 0x26],
      [0xa2, 0x61, 0x61, 0, 0x61, 0x61, 0],
    ])
      await refuse(coseOf({ protected: Uint8Array.of(0x40 | map.length, ...map) }))
  })

  test('go-cose#62: a few bytes that claim gigabytes', async () => {
    const before = process.memoryUsage().arrayBuffers
    for (const claim of [
      [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0x5a, 0xff, 0xff, 0xff, 0xff],
      [0xba, 0xff, 0xff, 0xff, 0xff],
      [0x7b, 0, 0, 0, 1, 0, 0, 0, 0],
    ])
      for (const part of ['protected', 'unprotected', 'payload', 'signature'] as const)
        await refuse(coseOf({ [part]: Uint8Array.from(claim) }))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  })

  test('GHSA-fj2w-wfgv-mwq6, advisory-db#188: ten thousand levels', async () => {
    for (const open of [0x81, 0xa1, 0xd2, 0x9f, 0xbf]) {
      const deep = new Uint8Array(10_000).fill(open)
      await refuse(deep)
      await refuse(coseOf({ unprotected: Uint8Array.of(0xa1, 0x01, ...deep) }))
    }
  })

  test('CVE-2026-23831: nothing where something has to be', async () => {
    for (const part of ['protected', 'unprotected', 'payload', 'signature'] as const)
      for (const nothing of [[0xf6], [0xf7], [0x40], [0xa0]])
        if (!(part === 'signature' && nothing[0] === 0x40)) await refuse(coseOf({ [part]: Uint8Array.from(nothing) }))
    await refuse(new Uint8Array())
  })

  test('a well-formed envelope that nobody signed ends where its certificates are read', async () => {
    expect(await integrityOf(makeCose(), cose.mediaType)).toMatch(/^INVALID_(DER|CERTIFICATE)/)
  })
})

describe('E10, E11: certificates that do not belong', () => {
  const withChain = (chain: readonly Uint8Array[]) => ({
    ...good,
    header: { x5c: chain.map((der) => Buffer.from(der).toString('base64')) },
  })

  test('E10: leaf not first, one twice, root missing, one too many', async () => {
    const [leaf, intermediate, root] = scene.chain as [Uint8Array, Uint8Array, Uint8Array]
    const stranger = (await createFakeAuthority()).certificate
    for (const chain of [
      [intermediate, leaf, root],
      [root, intermediate, leaf],
      [leaf, leaf, intermediate, root],
      [leaf, intermediate, intermediate, root],
      [leaf, intermediate],
      [leaf, root],
      [leaf, intermediate, root, stranger],
      [leaf, intermediate, root, root],
      [...Array.from({ length: 9 }, () => leaf), intermediate, root],
    ])
      expect(await integrityOf(withChain(chain))).toMatch(/^INVALID_CERTIFICATE_CHAIN|^INVALID_ENVELOPE/)
    expect(await integrityOf(withChain([]))).toBe('INVALID_ENVELOPE')
  })

  test('E11: another certificate of the same key counts as who it says it is, and has to be trusted itself', async () => {
    const [rootKey, leafKey] = [newEcKey(), newEcKey()]
    const named = (organization: string) =>
      name(
        attribute('2.5.4.6', printableString('US')),
        attribute('2.5.4.8', utf8('WA')),
        attribute('2.5.4.10', utf8(organization)),
      )
    const authority = { subject: commonName('Root'), extensions: [basicConstraints(true), keyUsage([5])] }
    const root = makeCertificate(rootKey, rootKey, { ...authority, issuer: commonName('Root') })
    const leafOf = (organization: string, of = leafKey) =>
      makeCertificate(of, rootKey, {
        issuer: commonName('Root'),
        subject: named(organization),
        extensions: leafExtensions,
      })
    const key: SigningKey<X509Material> = {
      ...scene.certified,
      sign: async (message) => ({
        signature: new Uint8Array(sign('sha256', message, { key: leafKey, dsaEncoding: 'ieee-p1363' })),
        material: { kind: 'x509', chain: [leafOf('Test'), root] },
      }),
    }
    const signed = JSON.parse(new TextDecoder().decode((await scene.signerOf({ key }).sign(target)).bytes))
    const trustStore = await createMemoryTrustStore({ ca: { test: [root] } })
    const judgeWith = (leaf: Uint8Array, ...trustedIdentities: string[]) => {
      const x5c = [leaf, root].map((der) => Buffer.from(der).toString('base64'))
      const bytes = encodeText(JSON.stringify({ ...signed, header: { ...signed.header, x5c } }))
      const verifier = scene.verifierOf({ trustStore, trustStores: ['ca:test'], trustedIdentities })
      return verifier.verify(target, { mediaType: jws.mediaType, bytes }, context)
    }
    const ours = 'x509.subject: C=US, ST=WA, O=Test'
    expect((await judgeWith(leafOf('Test'), ours)).identity).toBe('x509:O=Test,ST=WA,C=US')
    const refusedFor = async (leaf: Uint8Array) => {
      const error = await caught(judgeWith(leaf, ours))
      return isOcisignError(error, 'UNTRUSTED_SIGNATURE') ? error.details.refusals[0]?.error.code : error
    }
    // No signature covers the certificates: who has another one for this key can put it in, and is then that one.
    expect(await refusedFor(leafOf('Other'))).toBe('UNTRUSTED_IDENTITY')
    expect((await judgeWith(leafOf('Other'), '*')).identity).toBe('x509:O=Other,ST=WA,C=US')
    expect(await refusedFor(leafOf('Test', newEcKey()))).toBe('UNTRUSTED_INTEGRITY')
  })
})

describe('hazard "two readings": Go ignores case and takes the last, JavaScript does not', () => {
  test.each([
    '{"targetArtifact":A,"TargetArtifact":B}',
    '{"targetArtifact":A,"targetArtifact":B}',
    '{"targetArtifact":A,"targetArtifac\\u0074":B}',
    '{"targetArtifact":A,"TARGETARTIFACT":B}',
  ])('a payload %s', async (template) => {
    const descriptor = (digit: string) => JSON.stringify({ ...target, digest: `sha256:${digit.repeat(64)}` })
    const payload = base64url(template.replace('A', () => descriptor('0')).replace(/(?<=:)B/, () => descriptor('1')))
    const signature = await signAsItShouldBe(`${good.protected}.${payload}`)
    const error = await caught(judge({ ...good, payload, signature: base64url(signature) }))
    expect(isOcisignError(error) && error.code).toMatch(/^INVALID_PAYLOAD/)
  })
})

test('J3: base64 that Buffer would read is not read', async () => {
  const text = String(good.signature)
  const signature: Signature = { mediaType: jws.mediaType, bytes: encodeText(JSON.stringify(good)) }
  expect((await scene.verifierOf().verify(target, signature, context)).decision).toBe('verified')
  for (const lax of [
    `${text}=`,
    `${text} `,
    `${text}\n`,
    text.replace(/[-_]?$/, '+'),
    `${text.slice(0, 9)}.${text.slice(9)}`,
  ])
    expect(await integrityOf({ ...good, signature: lax })).toMatch(/^INVALID_ENVELOPE|^UNTRUSTED_INTEGRITY/)
})
