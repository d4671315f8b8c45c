// SPDX-License-Identifier: Apache-2.0
// The rest of the test data of notation-go and notation-core-go: trust stores, identities, signingkeys.json and
// certificate files, judged as their tests judge them.
import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openNotationTestdata } from '../../../conformance/src/vectors/index.js'
import { openDirectoryTrustStore } from '../../src/node/directory-trust-store.js'
import { readSigningKeys } from '../../src/node/signing-keys.js'
import { matchesIdentity, parseTrustedIdentity } from '../../src/notary/identity.js'
import type { TrustStoreType } from '../../src/notary/policy/document.js'
import { describeSubject } from '../../src/x509/certificate.js'
import { formatName } from '../../src/x509/name.js'
import { parseCertificateFile } from '../../src/x509/pem.js'

let directory: string
let close: () => Promise<void>
beforeAll(async () => {
  ;({ directory, close } = await openNotationTestdata())
})
afterAll(() => close())

const certificates = async (path: string) => parseCertificateFile(new Uint8Array(await readFile(join(directory, path))))

describe('trust stores', () => {
  const load = (type: TrustStoreType, name: string) =>
    openDirectoryTrustStore(join(directory, 'notation-go/verifier/testdata')).load({ type, name })

  test.each([
    ['ca', 'valid-trust-store', 5],
    ['ca', 'valid-trust-store-2', 1],
    ['ca', 'valid-trust-store-self-signed', 1],
    ['signingAuthority', 'valid-trust-store', 2],
    ['signingAuthority', 'valid-trust-store-2', 1],
    ['tsa', 'test-timestamp', 1],
    ['tsa', 'test-mismatch', 1],
  ] as const)('%s:%s has %i different ones', async (type, name, count) => {
    expect(await load(type, name)).toHaveLength(count)
  })

  test.each([
    ['ca', 'trust-store-with-invalid-certs'],
    ['ca', 'trust-store-with-leaf-certs'],
    ['ca', 'trust-store-with-leaf-certs-in-single-file'],
    ['ca', 'valid-trust-store_SYMLINK'],
    ['tsa', 'test-nonCA'],
    ['tsa', 'test-nonSelfIssued'],
  ] as const)('%s:%s is refused', async (type, name) => {
    await expect(load(type, name)).rejects.toMatchObject({ code: 'INVALID_TRUST_STORE' })
  })

  test('one that is not there', async () => {
    await expect(load('ca', 'test-empty')).rejects.toMatchObject({ code: 'UNAVAILABLE_NOT_FOUND' })
  })

  test('those that its tests do not reach where they lie: with a sub-directory, and with real symbolic links', async () => {
    const from = join(directory, 'notation-go/verifier/testdata/truststore/x509')
    const base = join(directory, 'moved')
    const to = join(base, 'truststore/x509/ca')
    await mkdir(to, { recursive: true })
    await cp(join(from, 'trust-store-with-directories'), join(to, 'trust-store-with-directories'), { recursive: true })
    await cp(join(from, 'ca/valid-trust-store-2'), join(to, 'with-link'), { recursive: true })
    await symlink('GlobalSignRootCA.crt', join(to, 'with-link/GlobalSignRootCA_SYMLINK.crt'))
    await symlink('with-link', join(to, 'is-link'))
    for (const name of ['trust-store-with-directories', 'with-link', 'is-link']) {
      const loading = openDirectoryTrustStore(base).load({ type: 'ca', name })
      await expect(loading, name).rejects.toMatchObject({ code: 'INVALID_TRUST_STORE' })
    }
  })
})

describe('trusted identities', () => {
  const signer = 'notation-go/verifier/testdata/verifier/signing-cert.pem'
  const unreadable = 'notation-go/verifier/testdata/verifier/bad-cert.pem'
  const ours = 'x509.subject:C=US,O=SomeOrg,ST=WA'
  const india = 'x509.subject:C=IND,O=SomeOrg,ST=TS'
  const other = 'nonX509Prefix:my-custom-identity'

  test.each([
    [signer, [ours], true],
    [signer, [ours, other], true],
    [signer, [ours, india], true],
    [signer, [other], false],
    [signer, ['*'], true],
    [signer, [india], false],
    [signer, [india, other], false],
    [signer, [india, 'x509.subject:C=LOL,O=LOL,ST=LOL'], false],
    [unreadable, [ours, other], false],
  ])('%s among %j: %s', async (path, identities, isTrusted) => {
    const [certificate] = await certificates(path)
    const subject = formatName(certificate!.subject)
    expect(identities.some((text) => matchesIdentity(subject, parseTrustedIdentity(text)))).toBe(isTrusted)
  })

  test('one that is no distinguished name is refused when the policy is read', () => {
    expect(() => parseTrustedIdentity('x509.subject:C=bad=#identity,O=LOL,ST=LOL')).toThrow(
      expect.objectContaining({ code: 'INVALID_DISTINGUISHED_NAME' }),
    )
  })
})

describe('signingkeys.json', () => {
  const read = (name: string) => readSigningKeys(join(directory, 'notation-go/config/testdata', name))

  test('valid', async () => {
    const { defaultKey, keys } = await read('valid')
    expect(defaultKey).toBe('wabbit-networks')
    expect(keys.map(({ name }) => name)).toEqual(['wabbit-networks', 'import.acme-rockets', 'external-key'])
    expect(keys[2]).toEqual({ name: 'external-key', id: 'id1', pluginName: 'pluginX', pluginConfig: { key: 'value' } })
  })

  test.each(['malformed-duplicate', 'malformed-invalid-default'])('%s', async (name) => {
    await expect(read(name)).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
  })
})

describe('certificate files', () => {
  const folder = 'notation-core-go/x509/testdata'
  test.each([
    ['pem.crt', 1],
    ['multi-pem.crt', 2],
    ['der.der', 1],
    ['multi-der.der', 2],
    ['openssl-minimum-self-signed.pem', 1],
    ['timestamp_leaf.crt', 1],
    ['timestamp_intermediate.crt', 1],
    ['timestamp_root.crt', 1],
  ])('%s has %i', async (name, count) => {
    const read = await certificates(`${folder}/${name}`)
    expect(read).toHaveLength(count)
    for (const certificate of read) expect(describeSubject(certificate)).not.toBe('')
  })

  test('invalid', async () => {
    await expect(certificates(`${folder}/invalid`)).rejects.toMatchObject({ code: 'INVALID_PEM' })
  })

  test.each(['certificateWith2DeltaCRL.cer', 'certificateWithDeltaCRL.cer', 'certificateWithZeroDeltaCRLURL.cer'])(
    '%s is read whatever its freshestCRL says',
    async (name) => {
      expect(await certificates(`notation-core-go/revocation/crl/testdata/${name}`)).toHaveLength(1)
    },
  )

  // Go does not look into this extension; node:crypto and others that do read no such certificate.
  test.each([
    'certificateWithIncompleteFreshestCRL.cer',
    'certificateWithIncompleteFreshestCRL2.cer',
    'certificateWithNonURIDeltaCRL.cer',
  ])('%s, whose freshestCRL is malformed, is refused', async (name) => {
    await expect(certificates(`notation-core-go/revocation/crl/testdata/${name}`)).rejects.toMatchObject({
      code: 'INVALID_CERTIFICATE',
    })
  })
})
