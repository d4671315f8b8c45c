// SPDX-License-Identifier: Apache-2.0
// Object identifiers by name, and by their bytes.

/** The identifiers that are looked for. */
export const oids = {
  // Attributes of names (RFC 4519).
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  locality: '2.5.4.7',
  state: '2.5.4.8',
  street: '2.5.4.9',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  postalCode: '2.5.4.17',
  // Public keys (RFC 3279, 5480, 8410).
  rsaEncryption: '1.2.840.113549.1.1.1',
  ecPublicKey: '1.2.840.10045.2.1',
  dsa: '1.2.840.10040.4.1',
  x25519: '1.3.101.110',
  ed25519: '1.3.101.112',
  // Curves.
  p224: '1.3.132.0.33',
  p256: '1.2.840.10045.3.1.7',
  p384: '1.3.132.0.34',
  p521: '1.3.132.0.35',
  // Signatures and hashes (RFC 4055, 5758).
  sha256WithRsa: '1.2.840.113549.1.1.11',
  sha384WithRsa: '1.2.840.113549.1.1.12',
  sha512WithRsa: '1.2.840.113549.1.1.13',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  ecdsaWithSha512: '1.2.840.10045.4.3.4',
  rsassaPss: '1.2.840.113549.1.1.10',
  mgf1: '1.2.840.113549.1.1.8',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  // Extensions (RFC 5280 section 4.2).
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  issuerAlternativeName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1',
  // Access methods (RFC 5280 section 4.2.2.1).
  ocspAccess: '1.3.6.1.5.5.7.48.1',
  // Extended key usages (RFC 5280 section 4.2.1.12).
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const

/** What messages call algorithms that are not supported. */
export const unsupportedNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2 with RSA',
  '1.2.840.113549.1.1.4': 'MD5 with RSA',
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  '1.3.14.3.2.29': 'SHA-1 with RSA',
  '1.2.840.113549.1.1.14': 'SHA-224 with RSA',
  '1.2.840.10045.4.1': 'ECDSA with SHA-1',
  '1.2.840.10045.4.3.1': 'ECDSA with SHA-224',
  '1.2.840.10040.4.3': 'DSA with SHA-1',
  '2.16.840.1.101.3.4.3.2': 'DSA with SHA-256',
  '1.2.840.113549.1.1.10': 'RSASSA-PSS',
  '1.2.840.10040.4.1': 'DSA',
  '1.3.101.110': 'X25519',
  '1.3.101.111': 'X448',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '1.3.132.0.33': 'P-224',
}

/** The content of an OBJECT IDENTIFIER in DER. Every start of a program does this for all that are known: it makes no garbage. */
export function encodeOidContent(dotted: string): number[] {
  const content: number[] = []
  let [arc, arcs, first] = [0, 0, 0]
  for (let index = 0; index <= dotted.length; index++) {
    const code = index < dotted.length ? dotted.charCodeAt(index) : dot
    if (code !== dot) {
      arc = arc * 10 + code - zero
      continue
    }
    arcs++
    if (arcs === 1) first = arc
    else pushArc(content, arcs === 2 ? first * 40 + arc : arc)
    arc = 0
  }
  return content
}

const [dot, zero] = [0x2e, 0x30]

/** In groups of seven bits, the highest first; all but the last have the eighth bit. */
function pushArc(content: number[], arc: number): void {
  let unit = 1
  while (arc >= unit * 128) unit *= 128
  for (; unit > 1; unit /= 128) content.push(0x80 | (Math.floor(arc / unit) % 128))
  content.push(arc % 128)
}

interface KnownOid {
  readonly dotted: string
  readonly content: readonly number[]
}

const knownOids: ReadonlyMap<number, KnownOid> = /* @__PURE__ */ (() =>
  new Map(
    Object.values(oids).map((dotted) => {
      const content = encodeOidContent(dotted)
      return [hashOid(content, 0, content.length), { dotted, content }]
    }),
  ))()

function hashOid(bytes: ArrayLike<number>, start: number, end: number): number {
  let hash = 0
  for (let index = start; index < end; index++) hash = (Math.imul(hash, 31) + bytes[index]!) | 0
  return hash
}

/** Finds the one of {@link oids} with exactly these bytes: writing one in dotted form takes ten times as long. */
export function findOid(bytes: Uint8Array, start: number, end: number): string | undefined {
  const known = knownOids.get(hashOid(bytes, start, end))
  if (!known || known.content.length !== end - start) return
  for (let index = start; index < end; index++) if (bytes[index] !== known.content[index - start]) return
  return known.dotted
}
