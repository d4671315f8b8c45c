// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { lintTrustPolicy } from '../../../src/notary/policy/lint.js'
import { blobStatement, documentOf, errorPaths, statement } from './documents.js'

const at = 'trustPolicies[0]'
const warnings = (input: unknown, kind: 'oci' | 'blob' = 'oci') =>
  lintTrustPolicy(input, kind).flatMap(({ severity, path }) => (severity === 'warning' ? [path] : []))

test('a policy that says what is meant has no problems', () => {
  expect(lintTrustPolicy(documentOf(statement()), 'oci')).toEqual([])
  expect(lintTrustPolicy(documentOf(blobStatement({ globalPolicy: true })), 'blob')).toEqual([])
})

test('errors are the same as those that parsing throws, and nothing is thrown', () => {
  for (const input of ['{', '', null, 7, [], documentOf(), documentOf(statement({ name: '' }), statement())]) {
    const errors = lintTrustPolicy(input, 'oci').filter(({ severity }) => severity === 'error')
    expect(errors.length).toBeGreaterThan(0)
    expect(errors.map(({ path }) => path)).toEqual(errorPaths(input))
  }
})

describe('what is allowed, and probably not meant', () => {
  test.each<[string, object, string[]]>([
    [
      'CVE-2024-23332: permissive',
      { signatureVerification: { level: 'permissive' } },
      [`${at}.signatureVerification.level`, `${at}.signatureVerification.level`],
    ],
    [
      'permissive with expiry and time enforced',
      {
        signatureVerification: { level: 'permissive', override: { expiry: 'enforce', authenticTimestamp: 'enforce' } },
      },
      [],
    ],
    ['audit', { signatureVerification: { level: 'audit' } }, [`${at}.signatureVerification.level`]],
    [
      'no revocation',
      { signatureVerification: { level: 'strict', override: { revocation: 'skip' } } },
      [`${at}.signatureVerification.override.revocation`],
    ],
    [
      'timestamps without an authority',
      { signatureVerification: { level: 'strict', verifyTimestamp: 'afterCertExpiry' } },
      [`${at}.signatureVerification.verifyTimestamp`],
    ],
    [
      'timestamps with an authority',
      {
        signatureVerification: { level: 'strict', verifyTimestamp: 'afterCertExpiry' },
        trustStores: ['ca:a', 'tsa:b'],
      },
      [],
    ],
    [
      'timestamps and skip',
      { signatureVerification: { level: 'skip', verifyTimestamp: 'always' }, trustStores: [], trustedIdentities: [] },
      [`${at}.signatureVerification.verifyTimestamp`],
    ],
    ['only timestamping authorities', { trustStores: ['tsa:b'] }, [`${at}.trustStores`]],
    ['a store twice', { trustStores: ['ca:a', 'ca:a'] }, [`${at}.trustStores[1]`]],
    ['everybody, for everything', { registryScopes: ['*'], trustedIdentities: ['*'] }, [`${at}.trustedIdentities`]],
    ['everybody, for one repository', { trustedIdentities: ['*'] }, []],
    [
      'CVE-2025-29778: an identity of an unknown kind',
      { trustedIdentities: ['x509.subjectRegExp:.*', 'x509.subject:C=US,ST=WA,O=x'] },
      [`${at}.trustedIdentities[0]`],
    ],
    [
      'only such',
      { trustedIdentities: ['X509.subject:C=US,ST=WA,O=x'] },
      [`${at}.trustedIdentities[0]`, `${at}.trustedIdentities`],
    ],
    [
      'an attribute that no certificate has',
      { trustedIdentities: ['x509.subject:C=US,ST=WA,O=x,cn=a'] },
      [`${at}.trustedIdentities[0]`],
    ],
    ['quotes', { trustedIdentities: ['x509.subject:C=US,ST=WA,O="x"'] }, [`${at}.trustedIdentities[0]`]],
    ['a host that nobody writes', { registryScopes: ['index.docker.io/library/a'] }, [`${at}.registryScopes[0]`]],
    ['an official image without its namespace', { registryScopes: ['docker.io/nginx'] }, [`${at}.registryScopes[0]`]],
    ['a host in upper case', { registryScopes: ['A.example/b'] }, [`${at}.registryScopes[0]`]],
    ['a default port', { registryScopes: ['a.example:443/b'] }, [`${at}.registryScopes[0]`]],
  ])('%s', (_, changes, paths) => {
    const document = documentOf(statement({ ...changes }))
    expect(errorPaths(document)).toEqual([])
    expect(warnings(document)).toEqual(paths)
  })

  test('threat model: the weakest authority compromises every policy that shares its store', () => {
    const other = statement({ name: 'other', registryScopes: ['a.example/b'], trustedIdentities: ['*'] })
    expect(warnings(documentOf(statement(), other))).toEqual(['trustPolicies[1].trustedIdentities'])
    const apart = { ...other, trustStores: ['ca:other'] }
    expect(warnings(documentOf(statement(), apart))).toEqual([])
  })

  test('names that differ in letter case only', () => {
    expect(warnings(documentOf(statement(), statement({ name: 'Ours', registryScopes: ['a.example/b'] })))).toEqual([
      'trustPolicies[1].name',
    ])
  })
})

test('mistakes in scopes come with what to write', () => {
  const messageFor = (scope: string) =>
    lintTrustPolicy(documentOf(statement({ registryScopes: [scope] })), 'oci')[0]!.message
  expect(messageFor('a.example/b/')).toContain('"/" at the end')
  expect(messageFor('https://a.example/b')).toContain('"a.example/b"')
  expect(messageFor('a.example/*')).toContain('wildcards')
  expect(messageFor('a.example/b:v1')).toContain('tag')
  expect(messageFor('nginx')).toContain('registry')
})
