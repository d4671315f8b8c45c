// SPDX-License-Identifier: Apache-2.0
// Certificates to try things out with: nobody vouches for whom they name.
import { constants, type KeyObject, randomBytes, sign } from 'node:crypto'
import {
  type Algorithm,
  type CertificateTemplate,
  codeSigningProfile,
  encodeCertificate,
  encodeText,
  keyIdentifier,
  notaryAlgorithms,
  OcisignError,
  type SigningKey,
} from '@ocisign/core'
import { algorithmOf } from './algorithm.js'
import { createKeyObjectKey, generateKeyObject, type LocalKey, spkiOf } from './key.js'

/** How long a test certificate is valid: from `notBefore` for `days`, or until `notAfter`. */
interface Validity {
  /** Now by default, in whole seconds. */
  readonly notBefore?: Date | undefined
  readonly notAfter?: Date | undefined
  /** 1 by default. */
  readonly days?: number | undefined
  readonly clock?: (() => Date) | undefined
}

/** What {@link createTestCertificate} accepts. */
export interface TestCertificateOptions extends Validity {
  /** Signs its own certificate: any provider's key, or a private key of `node:crypto`. */
  readonly key: SigningKey | KeyObject
  /** `C=US,ST=WA,O=Acme,CN=build`, in the order in which it is to stand. */
  readonly subject: string
}

/** What {@link createTestChain} accepts. */
export interface TestChainOptions extends Validity {
  /** One of the six of the Notary Project; ECDSA on P-256 by default. */
  readonly algorithm?: Algorithm | undefined
  /** Of the authorities' keys; the leaf's own by default. */
  readonly authorityAlgorithm?: Algorithm | undefined
  /** Certificates: 1 is a leaf that signed itself, 2 (the default) a leaf below a root; at most 10. */
  readonly length?: number | undefined
  /** Of the leaf; `C=US,ST=WA,O=ocisign test,CN=ocisign test leaf` by default. */
  readonly subject?: string | undefined
}

/** A key with a chain of test certificates for it. */
export interface TestChain {
  readonly key: LocalKey
  /** Leaf first, each DER; the last one is what to trust. */
  readonly chain: readonly Uint8Array[]
  /** The private key as PKCS#8 PEM, not encrypted. */
  readonly keyPem: string
}

const dayMilliseconds = 24 * 60 * 60 * 1000

/**
 * Makes a code-signing certificate that the key itself signs, for tests: leaf and anchor in one.
 * @throws MISUSE_OPTION | INVALID_DISTINGUISHED_NAME | UNSUPPORTED_KEY, and what the key throws
 *
 * @example
 * ```ts
 * import { notaryAlgorithms, withCertificates } from '@ocisign/core'
 * import { createTestCertificate, generateKey } from '@ocisign/provider-local'
 *
 * const key = await generateKey(notaryAlgorithms[0]!)
 * const certified = withCertificates(key, [await createTestCertificate({ key, subject: 'C=US,ST=WA,O=Acme,CN=test' })])
 * console.log(certified.id) // give it to createNotarySigner
 * ```
 */
export async function createTestCertificate(options: TestCertificateOptions): Promise<Uint8Array> {
  const key = 'contract' in options.key ? options.key : certifier(options.key)
  const publicKey = await publicKeyOf(key)
  const { subject } = options
  const basis = { subject, issuer: subject, serialNumber: randomSerial(), publicKey, ...validityOf(options) }
  return encodeCertificate({ ...basis, ...codeSigningProfile(), ...(await identifiers(publicKey, publicKey)) }, key)
}

/**
 * Makes a key and a chain of certificates for it that fulfils the Notary Project's profile, for tests.
 *
 * @throws MISUSE_OPTION | INVALID_DISTINGUISHED_NAME | UNSUPPORTED_KEY
 *
 * @example
 * ```ts
 * import { withCertificates } from '@ocisign/core'
 * import { createTestChain } from '@ocisign/provider-local'
 *
 * const { key, chain } = await createTestChain({ length: 3, subject: 'C=US,ST=WA,O=Acme,CN=build' })
 * const certified = withCertificates(key, chain)
 * console.log(chain.length, certified.id)
 * ```
 */
export async function createTestChain(options: TestChainOptions = {}): Promise<TestChain> {
  const { algorithm = notaryAlgorithms[0]!, length = 2, subject = testName('leaf') } = options
  if (!(Number.isInteger(length) && length >= 1 && length <= 10))
    throw new OcisignError('MISUSE_OPTION', 'length is a whole number from 1 to 10', { option: 'length' })
  const validity = validityOf(options)
  const links = []
  for (let position = 0; position < length; position++) {
    const privateKey = await generateKeyObject(position === 0 ? algorithm : (options.authorityAlgorithm ?? algorithm))
    const role = position === length - 1 ? 'root' : `intermediate ${position}`
    links.push({ name: position === 0 ? subject : testName(role), privateKey, publicKey: spkiOf(privateKey) })
  }
  const leaf = links[0]!
  const chain: Uint8Array[] = []
  for (const [position, link] of links.entries()) {
    const issuer = links[position + 1] ?? link
    const template: CertificateTemplate = {
      subject: link.name,
      issuer: issuer.name,
      serialNumber: randomSerial(),
      publicKey: link.publicKey,
      ...validity,
      ...codeSigningProfile(position > 0 ? { pathLength: position - 1 } : undefined),
      ...(await identifiers(link.publicKey, issuer.publicKey)),
    }
    chain.push(await encodeCertificate(template, certifier(issuer.privateKey)))
  }
  const keyPem = leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { key: await createKeyObjectKey(leaf.privateKey), chain, keyPem }
}

const testName = (role: string) => `C=US,ST=WA,O=ocisign test,CN=ocisign test ${role}`

/** Positive and of 16 bytes. */
function randomSerial(): Uint8Array {
  const serial = new Uint8Array(randomBytes(16))
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return serial
}

function validityOf({ notBefore, notAfter, days = 1, clock = () => new Date() }: Validity) {
  if (!(days > 0)) throw new OcisignError('MISUSE_OPTION', 'days is a number above 0', { option: 'days' })
  const from = notBefore ?? clock()
  const until = notAfter ?? new Date(from.getTime() + days * dayMilliseconds)
  if (!(from.getTime() < until.getTime()))
    throw new OcisignError('MISUSE_OPTION', 'a certificate ends after it begins', { option: 'notAfter' })
  return { notBefore: from, notAfter: until }
}

async function identifiers(publicKey: Uint8Array, issuerPublicKey: Uint8Array) {
  return {
    subjectKeyIdentifier: await keyIdentifier(publicKey),
    authorityKeyIdentifier: await keyIdentifier(issuerPublicKey),
  }
}

/** Asks a key for its public half, which a key states only with a signature. */
async function publicKeyOf(key: SigningKey): Promise<Uint8Array> {
  const { material } = await key.sign(encodeText('ocisign asks for the public key'))
  if (material.kind === 'public-key') return material.spki
  throw new OcisignError('MISUSE_OPTION', `${key.id} has certificates already`, { option: 'key' })
}

/** Signs certificates; with RSA as most authorities do, where the key's own signatures would be RSASSA-PSS. */
function certifier(privateKey: KeyObject): SigningKey {
  const algorithm = algorithmOf(privateKey, 'the key')
  const scheme = algorithm.scheme === 'ECDSA' ? 'ECDSA' : 'RSASSA-PKCS1-v1_5'
  const material = { kind: 'public-key', spki: spkiOf(privateKey) } as const
  const options = { key: privateKey, dsaEncoding: 'ieee-p1363', padding: constants.RSA_PKCS1_PADDING } as const
  return {
    contract: 'signing-key/1',
    id: 'test certifier',
    algorithm: { ...algorithm, scheme },
    sign: async (message) => ({ signature: new Uint8Array(sign(algorithm.hash, message, options)), material }),
  }
}
