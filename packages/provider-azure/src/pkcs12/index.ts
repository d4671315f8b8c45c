// SPDX-License-Identifier: Apache-2.0
// Certificates in PKCS#12 (RFC 7292) without a password, as Key Vault keeps them.
import { createHmac } from 'node:crypto'
import { type Certificate, equalBytes, parseCertificate } from '@ocisign/core'
import { decrypt } from './decrypt.js'
import { contentOf, type DerValue, enter, iterationsOf, oidOf, readValue, tags, unreadable } from './der.js'
import { deriveBytes, type Hash, hashes, purposes } from './keys.js'

const oids = {
  data: '2a864886f70d010701',
  encryptedData: '2a864886f70d010706',
  certificateBag: '2a864886f70d010c0a0103',
  x509Certificate: '2a864886f70d01091601',
}

const macs: Readonly<Record<string, Hash>> = {
  '2b0e03021a': 'sha1',
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
}

const maxBytes = 256 * 1024
const maxCertificates = 100

/** An empty password is two zeros for some, and nothing for others. */
const passwords = [Uint8Array.of(0, 0), new Uint8Array()]

/**
 * Reads the certificates of PKCS#12 that has no password, in whatever order they have there; its MAC is verified.
 *
 * The private key, where there is one, is passed over: it is not decrypted, and not kept.
 * @throws INVALID_CERTIFICATE | INVALID_DER
 */
export function parsePkcs12Certificates(bytes: Uint8Array): readonly Certificate[] {
  if (bytes.length > maxBytes) throw unreadable(`has more than ${maxBytes} bytes`)
  const [version, content, mac] = enter(readValue(bytes))
  if (!equalBytes(contentOf(version, tags.integer), Uint8Array.of(3))) throw unreadable('is of another version than 3')
  if (!mac) throw unreadable('has no MAC')
  const safes = readData(enter(content))
  const password = findPassword(mac, safes)
  const certificates: Certificate[] = []
  for (const safe of enter(readValue(safes)))
    for (const bag of enter(readValue(readSafe(enter(safe), password)))) {
      const der = readBag(enter(bag))
      if (der && certificates.length === maxCertificates)
        throw unreadable(`has more than ${maxCertificates} certificates`)
      if (der) certificates.push(parseCertificate(der))
    }
  return certificates
}

/** The octets of ContentInfo with the type data. */
function readData([type, content]: readonly DerValue[]): Uint8Array {
  if (oidOf(type) !== oids.data) throw unreadable('has content that is neither plain nor encrypted with a password')
  return contentOf(readValue(contentOf(content, tags.explicit)), tags.octetString)
}

/** The contents of a safe, which may be encrypted. */
function readSafe(safe: readonly DerValue[], password: Uint8Array): Uint8Array {
  const [type, content] = safe
  if (oidOf(type) !== oids.encryptedData) return readData(safe)
  const [, encrypted] = enter(readValue(contentOf(content, tags.explicit)))
  const [, algorithm, bytes] = enter(encrypted)
  return decrypt(algorithm, password, contentOf(bytes, tags.implicit))
}

/** The certificate in a bag, DER; undefined for what is none. */
function readBag([type, content]: readonly DerValue[]): Uint8Array | undefined {
  if (oidOf(type) !== oids.certificateBag) return undefined
  const [kind, certificate] = enter(readValue(contentOf(content, tags.explicit)))
  if (oidOf(kind) !== oids.x509Certificate) return undefined
  return contentOf(readValue(contentOf(certificate, tags.explicit)), tags.octetString)
}

/** The form of the empty password with which the MAC is right. */
function findPassword(mac: DerValue, content: Uint8Array): Uint8Array {
  const [info, salt, count] = enter(mac)
  const [algorithm, digest] = enter(info)
  const hash = macs[oidOf(enter(algorithm)[0])]
  if (!hash) throw unreadable('has a MAC of a kind that is not read here')
  const iterations = count ? iterationsOf(count) : 1
  const expected = contentOf(digest, tags.octetString)
  const found = passwords.find((password) => {
    const derivation = { hash, password, salt: contentOf(salt, tags.octetString), iterations }
    const key = deriveBytes(derivation, purposes.mac, hashes[hash].length)
    return equalBytes(createHmac(hash, key).update(content).digest(), expected)
  })
  if (found) return found
  throw unreadable('has a password, or is damaged')
}
