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
import { isOcisignError } from '../../src/errors.js'
import { parseEcdsaSignature } from '../../src/x509/ecdsa-signature.js'
import { parsePublicKey } from '../../src/x509/public-key.js'

type SignatureFile = Exclude<WycheproofName, 'json_web_signature'>

const HASHES: Readonly<Record<string, DigestAlgorithm>> = {
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}
const SALTS = { sha256: 32, sha384: 48, sha512: 64 }

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))

function publicKeyOf({ publicKeyDer }: WycheproofSignatureGroup): PublicKey {
  const key = parsePublicKey(bytes(publicKeyDer))
  if ('unsupported' in key) throw new Error(`a key of ${key.unsupported}`)
  return key
}

/** A signature as certificates carry it, in DER, or as it is. */
const asIs = (signature: Uint8Array): Uint8Array => signature
function joined(der: Uint8Array, { bits }: PublicKey): Uint8Array | undefined {
  try {
    return parseEcdsaSignature(der, bits)
  } catch (error) {
    if (isOcisignError(error, 'INVALID_DER')) return undefined
    throw error
  }
}

/** Verifies a whole file; `expected` says for each case what is right, or undefined where we cannot be asked. */
async function run(
  platform: typeof node | typeof web,
  name: SignatureFile,
  scheme: SignatureAlgorithm['scheme'],
  expected: (one: WycheproofSignatureCase, group: WycheproofSignatureGroup) => boolean | undefined,
  read: (signature: Uint8Array, key: PublicKey) => Uint8Array | undefined = asIs,
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
      const signature = read(bytes(one.sig), key.publicKey)
      const answer =
        signature !== undefined && (await platform.verifySignature(key, { scheme, hash }, bytes(one.msg), signature))
      counts[answer ? 'accepted' : 'refused'] += 1
      if (answer !== right) wrong.push(`${name} ${one.tcId} (${one.result}: ${one.comment}) gave ${answer}`)
    }
  }
  expect(wrong).toEqual([])
  return counts
}

const valid = (one: WycheproofSignatureCase) => one.result === 'valid'

// An `acceptable` PKCS #1 signature leaves out the NULL of the hash's AlgorithmIdentifier: RFC 8017 asks for it.
const EXACT: Readonly<
  Record<string, { scheme: SignatureAlgorithm['scheme']; files: readonly SignatureFile[]; read?: typeof joined }>
> = {
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
  'ECDSA in DER': {
    scheme: 'ECDSA',
    files: ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'],
    read: joined,
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
    const { scheme, files, read } = EXACT[name]!
    const total = { accepted: 0, refused: 0 }
    for (const file of files) {
      const { accepted, refused, leftOut } = await run(platform, file, scheme, valid, read)
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
