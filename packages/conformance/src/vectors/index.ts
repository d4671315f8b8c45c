// SPDX-License-Identifier: Apache-2.0
// For the tests of this repository: the data is not published with the package, and neither is this module.
import { openArchive, readPacked, type TemporaryDirectory } from '../corpus/archive.js'

/** The Wycheproof files in vectors/wycheproof, without `_test.json`. */
export const WYCHEPROOF_NAMES = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp256r1_sha256_p1363',
  'ecdsa_secp256r1_sha512_p1363',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp384r1_sha384_p1363',
  'ecdsa_secp384r1_sha512_p1363',
  'ecdsa_secp521r1_sha512',
  'ecdsa_secp521r1_sha512_p1363',
  'json_web_signature',
  'rsa_pss_2048_sha256_mgf1_0',
  'rsa_pss_2048_sha256_mgf1_32',
  'rsa_pss_2048_sha256_mgf1sha1_20',
  'rsa_pss_2048_sha384_mgf1_48',
  'rsa_pss_3072_sha256_mgf1_32',
  'rsa_pss_4096_sha256_mgf1_32',
  'rsa_pss_4096_sha384_mgf1_48',
  'rsa_pss_4096_sha512_mgf1_32',
  'rsa_pss_4096_sha512_mgf1_64',
  'rsa_pss_misc',
  'rsa_signature_2048_sha256',
  'rsa_signature_2048_sha384',
  'rsa_signature_2048_sha512',
  'rsa_signature_3072_sha256',
  'rsa_signature_3072_sha384',
  'rsa_signature_3072_sha512',
  'rsa_signature_4096_sha256',
  'rsa_signature_4096_sha384',
  'rsa_signature_4096_sha512',
] as const

export type WycheproofName = (typeof WYCHEPROOF_NAMES)[number]

/** What Wycheproof says of a case; `acceptable` is a matter of taste or of policy. */
export type WycheproofResult = 'valid' | 'invalid' | 'acceptable'

interface WycheproofCase {
  readonly tcId: number
  readonly comment: string
  readonly flags: readonly string[]
  readonly result: WycheproofResult
}

/** A case of a signature primitive; `msg` and `sig` are hexadecimal. */
export interface WycheproofSignatureCase extends WycheproofCase {
  readonly msg: string
  readonly sig: string
}

/** Cases of one public key, of a file on ECDSA or RSA. */
export interface WycheproofSignatureGroup {
  readonly type: 'EcdsaP1363Verify' | 'EcdsaVerify' | 'RsassaPssVerify' | 'RsassaPkcs1Verify'
  /** The key in parts, hexadecimal: an EC point as 4 ‖ x ‖ y, an RSA key with a leading zero where its sign needs one. */
  readonly publicKey:
    | { readonly curve: 'secp256r1' | 'secp384r1' | 'secp521r1'; readonly uncompressed: string }
    | { readonly modulus: string; readonly publicExponent: string }
  /** The SubjectPublicKeyInfo, hexadecimal. */
  readonly publicKeyDer: string
  /** The hash, as `SHA-256`. */
  readonly sha: string
  /** RSA only: the size of the modulus in bits. */
  readonly keySize?: number
  /** RSASSA-PSS only: the mask's hash, and the length of the salt in bytes. */
  readonly mgfSha?: string
  readonly sLen?: number
  readonly tests: readonly WycheproofSignatureCase[]
}

/** A JWS: in the compact serialization but for the cases flagged `JsonSerialization`. */
export interface WycheproofJwsCase extends WycheproofCase {
  readonly jws: string
}

/** Cases of one JSON Web Key: `public` but for MACs, which have only a `private` one. */
export interface WycheproofJwsGroup {
  readonly type: 'JsonWebSignature'
  readonly comment: string
  readonly public?: Readonly<Record<string, unknown>>
  readonly private?: Readonly<Record<string, unknown>>
  readonly tests: readonly WycheproofJwsCase[]
}

/** A Wycheproof file. */
export interface WycheproofFile<Group> {
  readonly numberOfTests: number
  readonly testGroups: readonly Group[]
}

/** The members of an x509-limbo case that a path validation has a use for; certificates and CRLs are PEM. */
export interface LimboCase {
  readonly id: string
  readonly description: string
  readonly features: readonly string[]
  readonly importance: string
  readonly validation_kind: 'SERVER' | 'CLIENT'
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  /** RFC 3339; null means now. */
  readonly validation_time: string | null
  readonly signature_algorithms: readonly string[]
  readonly key_usage: readonly string[]
  readonly extended_key_usage: readonly string[]
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly expected_peer_name: { readonly kind: string; readonly value: string } | null
  readonly expected_peer_names: readonly { readonly kind: string; readonly value: string }[]
  readonly max_chain_depth: number | null
  readonly crls: readonly string[]
}

/** Reads one Wycheproof file; see vectors/wycheproof/PROVENANCE.md. */
export function loadWycheproof(name: 'json_web_signature'): Promise<WycheproofFile<WycheproofJwsGroup>>
export function loadWycheproof(
  name: Exclude<WycheproofName, 'json_web_signature'>,
): Promise<WycheproofFile<WycheproofSignatureGroup>>
export function loadWycheproof(
  name: WycheproofName,
): Promise<WycheproofFile<WycheproofJwsGroup | WycheproofSignatureGroup>>
export function loadWycheproof(name: WycheproofName): Promise<WycheproofFile<never>> {
  return load(`wycheproof/${name}_test.json.br`)
}

/** Reads the 194 cases of x509-limbo; see vectors/limbo/PROVENANCE.md. */
export function loadLimbo(): Promise<readonly LimboCase[]> {
  return load('limbo/x509-limbo.json.br')
}

/**
 * Unpacks the test data of notation-go and notation-core-go into a new temporary directory, in the folders
 * `notation-go` and `notation-core-go` and below them at the paths they have there; see vectors/notation/PROVENANCE.md.
 */
export function openNotationTestdata(): Promise<TemporaryDirectory> {
  return openArchive(location('notation/notation-testdata.tar.br'), 'ocisign-notation-testdata-')
}

async function load<T>(path: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await readPacked(location(path))))
}

function location(path: string): URL {
  return new URL(`../../vectors/${path}`, import.meta.url)
}
