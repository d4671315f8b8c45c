// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import {
  loadWycheproof,
  type WycheproofName,
  type WycheproofSignatureCase,
  type WycheproofSignatureGroup,
} from '../../../conformance/src/vectors/index.js'
import * as node from '../../src/crypto/node.js'
import type { PublicKey, SignatureAlgorithm } from '../../src/crypto/platform.js'
import * as web from '../../src/crypto/web.js'
import type { DigestAlgorithm } from '../../src/digest.js'

type SignatureFile = Exclude<WycheproofName, 'json_web_signature'>

const CURVES = { secp256r1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' } as const
const HASHES: Readonly<Record<string, DigestAlgorithm>> = {
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}
const SALTS = { sha256: 32, sha384: 48, sha512: 64 }

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const unsigned = (hex: string) => bytes(hex.replace(/^(00)+/, ''))

function publicKeyOf({ publicKey, publicKeyDer }: WycheproofSignatureGroup): PublicKey {
  const spki = bytes(publicKeyDer)
  if ('curve' in publicKey) {
    const curve = CURVES[publicKey.curve]
    return { kind: 'ec', curve, point: bytes(publicKey.uncompressed), spki, bits: Number(curve.slice(2)) }
  }
  const modulus = unsigned(publicKey.modulus)
  const bits = modulus.length * 8 - Math.clz32(modulus[0]!) + 24
  return { kind: 'rsa', modulus, exponent: unsigned(publicKey.publicExponent), spki, bits }
}

/** Verifies a whole file; `expected` says for each case what is right, or undefined where we cannot be asked. */
async function run(
  platform: typeof node | typeof web,
  name: SignatureFile,
  scheme: SignatureAlgorithm['scheme'],
  expected: (one: WycheproofSignatureCase, group: WycheproofSignatureGroup) => boolean | undefined,
) {
  const counts = { accepted: 0, refused: 0, leftOut: 0 }
  const wrong: string[] = []
  for (const group of (await loadWycheproof(name)).testGroups) {
    const hash = HASHES[group.sha]
    const key = await platform.importPublicKey(publicKeyOf(group))
    for (const one of group.tests) {
      const right = expected(one, group)
      if (right === undefined || hash === undefined) {
        counts.leftOut += 1
        continue
      }
      const answer = await platform.verifySignature(key, { scheme, hash }, bytes(one.msg), bytes(one.sig))
      counts[answer ? 'accepted' : 'refused'] += 1
      if (answer !== right) wrong.push(`${name} ${one.tcId} (${one.result}: ${one.comment}) gave ${answer}`)
    }
  }
  expect(wrong).toEqual([])
  return counts
}

const valid = (one: WycheproofSignatureCase) => one.result === 'valid'

// An `acceptable` PKCS #1 signature leaves out the NULL of the hash's AlgorithmIdentifier: RFC 8017 asks for it.
const EXACT: Readonly<Record<string, { scheme: SignatureAlgorithm['scheme']; files: readonly SignatureFile[] }>> = {
  'ECDSA as r‖s': {
    scheme: 'ECDSA',
    files: [
      'ecdsa_secp256r1_sha256_p1363',
      'ecdsa_secp256r1_sha512_p1363',
      'ecdsa_secp384r1_sha384_p1363',
      'ecdsa_secp384r1_sha512_p1363',
      'ecdsa_secp521r1_sha512_p1363',
    ],
  },
  'RSASSA-PSS with a salt as long as the hash': {
    scheme: 'RSASSA-PSS',
    files: [
      'rsa_pss_2048_sha256_mgf1_32',
      'rsa_pss_2048_sha384_mgf1_48',
      'rsa_pss_3072_sha256_mgf1_32',
      'rsa_pss_4096_sha256_mgf1_32',
      'rsa_pss_4096_sha384_mgf1_48',
      'rsa_pss_4096_sha512_mgf1_64',
    ],
  },
  'RSASSA-PKCS1-v1_5': {
    scheme: 'RSASSA-PKCS1-v1_5',
    files: [
      'rsa_signature_2048_sha256',
      'rsa_signature_2048_sha384',
      'rsa_signature_2048_sha512',
      'rsa_signature_3072_sha256',
      'rsa_signature_3072_sha384',
      'rsa_signature_3072_sha512',
      'rsa_signature_4096_sha256',
      'rsa_signature_4096_sha384',
      'rsa_signature_4096_sha512',
    ],
  },
}

// JWS and COSE fix the salt's length and the mask's hash: a valid signature with others is refused.
const OTHER_PARAMETERS: readonly SignatureFile[] = [
  'rsa_pss_2048_sha256_mgf1_0',
  'rsa_pss_4096_sha512_mgf1_32',
  'rsa_pss_2048_sha256_mgf1sha1_20',
]

describe.each([
  ['node:crypto', node],
  ['WebCrypto', web],
] as const)('%s', (platformName, platform) => {
  test.each(Object.keys(EXACT))('%s: valid ones verify, all others do not', async (name) => {
    const { scheme, files } = EXACT[name]!
    const total = { accepted: 0, refused: 0 }
    for (const file of files) {
      const { accepted, refused, leftOut } = await run(platform, file, scheme, valid)
      expect(leftOut).toBe(0)
      expect(accepted).toBeGreaterThan(0)
      total.accepted += accepted
      total.refused += refused
    }
    const cases = total.accepted + total.refused
    console.info(`wycheproof ${platformName} ${name}: ${files.length} files, ${cases} cases, ${total.refused} refused`)
  })

  test.each(OTHER_PARAMETERS)('%s: a salt or mask that JWS and COSE do not have is refused', async (file) => {
    // One case of the file on empty salts is invalid there because its salt is as long as the hash: as it must be here.
    const { accepted, refused } = await run(platform, file, 'RSASSA-PSS', (one, { sha, mgfSha }) => {
      return mgfSha === sha && one.comment === `s_len changed to ${SALTS[HASHES[sha]!]}`
    })
    console.info(`wycheproof ${platformName} ${file}: 1 file, ${accepted + refused} cases, ${refused} refused`)
    expect(accepted).toBe(file === 'rsa_pss_2048_sha256_mgf1_0' ? 1 : 0)
  })

  test('rsa_pss_misc: of all combinations only hash = mask = salt length verify', async () => {
    const counts = await run(platform, 'rsa_pss_misc', 'RSASSA-PSS', (_, { sha, mgfSha, sLen }) => {
      const hash = HASHES[sha]
      // SHA-1 and SHA-224 have no name here: nobody can ask for them.
      return hash && mgfSha === sha && sLen === SALTS[hash]
    })
    console.info(`wycheproof ${platformName} rsa_pss_misc: 1 file, ${JSON.stringify(counts)}`)
    expect(counts).toEqual({ accepted: 3, refused: 87, leftOut: 60 })
  })
})
