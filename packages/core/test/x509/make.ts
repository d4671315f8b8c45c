// SPDX-License-Identifier: Apache-2.0
// Writes DER and certificates for tests: odd ones above all, so nothing is checked and every part can be replaced.
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { concatBytes, encodeText } from '../../src/bytes.js'
import { oids } from '../../src/x509/oid.js'

export const bytes = (...values: number[]) => Uint8Array.from(values)

export function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...contents)
  const length: number[] = []
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256)
  const header = content.length < 0x80 ? [content.length] : [0x80 | length.length, ...length]
  return concatBytes(bytes(tag, ...header), content)
}

export const sequence = (...contents: Uint8Array[]) => tlv(0x30, ...contents)
export const set = (...contents: Uint8Array[]) => tlv(0x31, ...contents)
export const explicit = (number: number, ...contents: Uint8Array[]) => tlv(0xa0 | number, ...contents)
export const implicit = (number: number, content: Uint8Array) => tlv(0x80 | number, content)
export const boolean = (value: number) => tlv(0x01, bytes(value))
export const octetString = (content: Uint8Array) => tlv(0x04, content)
export const bitString = (content: Uint8Array, unused = 0) => tlv(0x03, bytes(unused), content)
export const nothing = tlv(0x05)
export const utf8 = (text: string) => tlv(0x0c, encodeText(text))
export const printableString = (text: string) => tlv(0x13, encodeText(text))
export const time = (text: string) => tlv(text.length > 13 ? 0x18 : 0x17, encodeText(text))

export function integer(value: number | bigint): Uint8Array {
  const content: number[] = []
  let rest = BigInt(value)
  do {
    content.unshift(Number(BigInt.asUintN(8, rest)))
    rest >>= 8n
  } while (rest !== (content[0]! >= 0x80 ? -1n : 0n))
  return tlv(0x02, Uint8Array.from(content))
}

export function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(BigInt)
  const content: number[] = []
  for (const arc of [first! * 40n + second!, ...rest]) {
    const septets = [Number(arc & 0x7fn)]
    for (let high = arc >> 7n; high > 0n; high >>= 7n) septets.unshift(Number(high & 0x7fn) | 0x80)
    content.push(...septets)
  }
  return tlv(0x06, Uint8Array.from(content))
}

export const attribute = (type: string, value: Uint8Array) => sequence(oid(type), value)
export const name = (...attributes: Uint8Array[]) => sequence(...attributes.map((each) => set(each)))
export const commonName = (text: string) => name(attribute('2.5.4.3', utf8(text)))

export const extension = (type: string, critical: boolean, value: Uint8Array) =>
  sequence(oid(type), ...(critical ? [boolean(0xff)] : []), octetString(value))
export const basicConstraints = (ca: boolean, pathLength?: number, critical = true) =>
  extension(
    oids.basicConstraints,
    critical,
    sequence(...(ca ? [boolean(0xff)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])),
  )
/** The bits as in RFC 5280: 0 is digitalSignature, 5 keyCertSign. */
export function keyUsage(usages: readonly number[], critical = true): Uint8Array {
  const top = Math.max(...usages)
  const content = new Uint8Array((top >> 3) + 1)
  for (const bit of usages) content[bit >> 3]! |= 0x80 >> (bit & 7)
  return extension(oids.keyUsage, critical, bitString(content, 7 - (top & 7)))
}
export const extendedKeyUsage = (usages: readonly string[], critical = false) =>
  extension(oids.extendedKeyUsage, critical, sequence(...usages.map(oid)))

const rsaOids = { sha1: 5, md5: 4, sha256: 11, sha384: 12, sha512: 13 } as const
const ecOids = { sha1: '1', md5: '1', sha256: '3.2', sha384: '3.3', sha512: '3.4' } as const
export type Hash = keyof typeof rsaOids

/** The AlgorithmIdentifier of a signature that the key makes with this hash. */
export function signatureAlgorithm(key: KeyObject, hash: Hash = 'sha256'): Uint8Array {
  if (key.asymmetricKeyType === 'rsa') return sequence(oid(`1.2.840.113549.1.1.${rsaOids[hash]}`), nothing)
  if (key.asymmetricKeyType === 'ec') return sequence(oid(`1.2.840.10045.4.${ecOids[hash]}`))
  return sequence(oid(oids.ed25519))
}

/** The parts of a certificate, each in DER; whatever is not given is as it should be. */
export interface Parts {
  readonly version?: Uint8Array
  readonly serialNumber?: Uint8Array
  readonly algorithm?: Uint8Array
  /** The one outside what is signed. */
  readonly outerAlgorithm?: Uint8Array
  readonly issuer?: Uint8Array
  readonly notBefore?: Uint8Array
  readonly notAfter?: Uint8Array
  readonly subject?: Uint8Array
  readonly publicKey?: Uint8Array
  readonly extensions?: readonly Uint8Array[]
  /** In place of the extensions, with their tag. */
  readonly rest?: Uint8Array
  readonly signature?: Uint8Array
  readonly hash?: Hash
}

/** Makes a certificate for `key`, which `signer` signs. */
export function makeCertificate(key: KeyObject, signer: KeyObject, parts: Parts = {}): Uint8Array {
  const hash = parts.hash ?? 'sha256'
  const algorithm = parts.algorithm ?? signatureAlgorithm(signer, hash)
  const { extensions = [] } = parts
  const tbs = sequence(
    parts.version ?? explicit(0, integer(2)),
    parts.serialNumber ?? integer(1),
    algorithm,
    parts.issuer ?? commonName('test'),
    sequence(parts.notBefore ?? time('200101000000Z'), parts.notAfter ?? time('491231235959Z')),
    parts.subject ?? commonName('test'),
    parts.publicKey ?? spkiOf(key),
    parts.rest ?? (extensions.length > 0 ? explicit(3, sequence(...extensions)) : bytes()),
  )
  const signature =
    parts.signature ?? new Uint8Array(sign(signer.asymmetricKeyType === 'ed25519' ? null : hash, tbs, signer))
  return sequence(tbs, parts.outerAlgorithm ?? algorithm, bitString(signature))
}

export const spkiOf = (key: KeyObject) => new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }))

export const newEcKey = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve }).privateKey
export const newRsaKey = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey
export const newEdKey = () => generateKeyPairSync('ed25519').privateKey

/** What a test changes in a chain of leaf, intermediate and root. */
export interface ChainParts {
  readonly leaf?: Parts
  readonly intermediate?: Parts
  readonly root?: Parts
  readonly leafKey?: KeyObject
  readonly intermediateKey?: KeyObject
  readonly rootKey?: KeyObject
}

const defaultKeys = { leaf: newEcKey(), intermediate: newEcKey(), root: newEcKey() }

/** Makes a chain that fits the profile, but for what is changed: leaf, intermediate, root. */
export function makeChain(parts: ChainParts = {}): [Uint8Array, Uint8Array, Uint8Array] {
  const leafKey = parts.leafKey ?? defaultKeys.leaf
  const intermediateKey = parts.intermediateKey ?? defaultKeys.intermediate
  const rootKey = parts.rootKey ?? defaultKeys.root
  const [root, intermediate, leaf] = [commonName('Root'), commonName('Intermediate'), commonName('Leaf')]
  const authority = [basicConstraints(true), keyUsage([5, 6])]
  return [
    makeCertificate(leafKey, intermediateKey, {
      issuer: intermediate,
      subject: leaf,
      extensions: leafExtensions,
      ...parts.leaf,
    }),
    makeCertificate(intermediateKey, rootKey, {
      issuer: root,
      subject: intermediate,
      extensions: authority,
      ...parts.intermediate,
    }),
    makeCertificate(rootKey, rootKey, { issuer: root, subject: root, extensions: authority, ...parts.root }),
  ]
}

export const leafExtensions = [keyUsage([0]), extendedKeyUsage([oids.codeSigning])]
