// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { encodeText, isOcisignError } from '../../../src/index.js'
import { parseTrustPolicy } from '../../../src/notary/policy/parse.js'
import { blobStatement, documentOf, errorPaths, problemsOf, statement } from './documents.js'

const at = 'trustPolicies[0]'

describe('documents that are read', () => {
  test('an OCI policy, from an object, from text and from bytes', () => {
    const document = documentOf(statement({ trustStores: ['ca:acme', 'tsa:time', 'ca:acme'] }))
    const read = parseTrustPolicy(document, 'oci')
    expect(read).toEqual({
      kind: 'oci',
      version: '1.0',
      policies: [
        {
          skip: false,
          name: 'ours',
          scopes: ['registry.example.com/app'],
          level: {
            name: 'strict',
            custom: false,
            actions: {
              authenticity: 'enforce',
              authenticTimestamp: 'enforce',
              expiry: 'enforce',
              revocation: 'enforce',
            },
          },
          verifyTimestamp: 'always',
          trustStores: [
            { type: 'ca', name: 'acme' },
            { type: 'tsa', name: 'time' },
          ],
          trustedIdentities: [
            {
              kind: 'x509.subject',
              text: 'x509.subject: C=US, ST=WA, O=Acme',
              attributes: [
                { type: 'C', value: 'US' },
                { type: 'ST', value: 'WA' },
                { type: 'O', value: 'Acme' },
              ],
            },
          ],
        },
      ],
    })
    const text = JSON.stringify(document)
    expect(parseTrustPolicy(text, 'oci')).toEqual(read)
    expect(parseTrustPolicy(encodeText(text), 'oci')).toEqual(read)
  })

  test('a blob policy', () => {
    const document = documentOf(blobStatement({ globalPolicy: true }), blobStatement({ name: 'other' }))
    const { kind, policies } = parseTrustPolicy(document, 'blob')
    expect(kind).toBe('blob')
    expect(policies.map(({ name, globalPolicy, scopes }) => [name, globalPolicy, scopes])).toEqual([
      ['ours', true, undefined],
      ['other', false, undefined],
    ])
  })

  test('a policy that asks for nothing, with empty lists or none', () => {
    for (const lists of [
      { trustStores: [], trustedIdentities: [] },
      { trustStores: undefined, trustedIdentities: undefined },
    ]) {
      const skip = statement({ signatureVerification: { level: 'skip', override: {} }, ...lists })
      expect(parseTrustPolicy(documentOf(skip), 'oci').policies[0]).toEqual({
        skip: true,
        name: 'ours',
        scopes: ['registry.example.com/app'],
        level: { name: 'skip' },
      })
    }
  })

  test('is frozen all the way down', () => {
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen))
    expect(isFrozen(parseTrustPolicy(documentOf(statement()), 'oci'))).toBe(true)
    const skip = blobStatement({ signatureVerification: { level: 'skip' }, trustStores: [], trustedIdentities: [] })
    expect(isFrozen(parseTrustPolicy(documentOf(skip), 'blob'))).toBe(true)
  })

  test('does not change with what it was read from', () => {
    const scopes = ['registry.example.com/app']
    const read = parseTrustPolicy(documentOf(statement({ registryScopes: scopes })), 'oci')
    scopes[0] = '*'
    expect(read.policies[0]!.scopes).toEqual(['registry.example.com/app'])
  })
})

describe('P1: documents that are refused, and where', () => {
  test.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['']],
    ['null', null, ['']],
    ['a list', [], ['']],
    ['an empty object', {}, ['version', 'trustPolicies']],
    ['not JSON', 'policies:', ['']],
    ['a comment', '{ // policies\n "version": "1.0" }', ['']],
    ['a byte order mark', `\ufeff${JSON.stringify(documentOf(statement()))}`, ['']],
    ['two documents', `${JSON.stringify(documentOf(statement()))}{}`, ['']],
    ['a duplicate member', '{"version":"1.0","version":"1.0","trustPolicies":[]}', ['']],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), ['']],
    ['another version', { ...documentOf(statement()), version: '2.0' }, ['version']],
    ['a version that is a number', { ...documentOf(statement()), version: 1 }, ['version']],
    ['no policies', documentOf(), ['trustPolicies']],
    ['policies that are no list', { version: '1.0', trustPolicies: {} }, ['trustPolicies']],
    ['an unknown member', { ...documentOf(statement()), comment: '' }, ['comment']],
    ['a member in another case', { ...documentOf(statement()), Version: '1.0' }, ['Version']],
    ['a policy that is none', documentOf('*'), [at]],
    ['an unknown member of a policy', documentOf(statement({ scopes: [] })), [`${at}.scopes`]],
    ['a member of a policy in another case', documentOf(statement({ TrustStores: [] })), [`${at}.TrustStores`]],
    ['a member for blobs', documentOf(statement({ globalPolicy: true })), [`${at}.globalPolicy`]],
    ['no name', documentOf(statement({ name: undefined })), [`${at}.name`]],
    ['an empty name', documentOf(statement({ name: '' })), [`${at}.name`]],
    ['a name that is a number', documentOf(statement({ name: 7 })), [`${at}.name`]],
    [
      'two of one name',
      documentOf(statement(), statement({ registryScopes: ['a.example/b'] })),
      ['trustPolicies[1].name'],
    ],
    ['no scopes', documentOf(statement({ registryScopes: undefined })), [`${at}.registryScopes`]],
    ['an empty list of scopes', documentOf(statement({ registryScopes: [] })), [`${at}.registryScopes`]],
    ['a scope that is no list', documentOf(statement({ registryScopes: '*' })), [`${at}.registryScopes`]],
    ['"*" beside a scope', documentOf(statement({ registryScopes: ['*', 'a.example/b'] })), [`${at}.registryScopes`]],
    [
      'a scope twice',
      documentOf(statement({ registryScopes: ['a.example/b', 'a.example/b'] })),
      [`${at}.registryScopes[1]`],
    ],
    [
      'a scope of two policies',
      documentOf(statement(), statement({ name: 'other' })),
      ['trustPolicies[1].registryScopes[0]'],
    ],
    [
      'two policies for "*"',
      documentOf(statement({ registryScopes: ['*'] }), statement({ name: 'other', registryScopes: ['*'] })),
      ['trustPolicies[1].registryScopes[0]'],
    ],
    ['no verification', documentOf(statement({ signatureVerification: undefined })), [`${at}.signatureVerification`]],
    ['no level', documentOf(statement({ signatureVerification: {} })), [`${at}.signatureVerification.level`]],
    [
      'an unknown level',
      documentOf(statement({ signatureVerification: { level: 'paranoid' } })),
      [`${at}.signatureVerification.level`],
    ],
    [
      'a level in another case',
      documentOf(statement({ signatureVerification: { level: 'Strict' } })),
      [`${at}.signatureVerification.level`],
    ],
    [
      'an unknown member of the verification',
      documentOf(statement({ signatureVerification: { level: 'strict', overrides: {} } })),
      [`${at}.signatureVerification.overrides`],
    ],
    [
      'an unknown time to verify timestamps',
      documentOf(statement({ signatureVerification: { level: 'strict', verifyTimestamp: '' } })),
      [`${at}.signatureVerification.verifyTimestamp`],
    ],
    ['no trust stores', documentOf(statement({ trustStores: undefined })), [`${at}.trustStores`]],
    ['an empty list of trust stores', documentOf(statement({ trustStores: [] })), [`${at}.trustStores`]],
    ['a trust store without a type', documentOf(statement({ trustStores: ['acme'] })), [`${at}.trustStores[0]`]],
    ['an unknown type of trust store', documentOf(statement({ trustStores: ['root:acme'] })), [`${at}.trustStores[0]`]],
    ['a type in another case', documentOf(statement({ trustStores: ['CA:acme'] })), [`${at}.trustStores[0]`]],
    ['a trust store without a name', documentOf(statement({ trustStores: ['ca:'] })), [`${at}.trustStores[0]`]],
    [
      'a trust store that leads elsewhere',
      documentOf(statement({ trustStores: ['ca:../tsa/x'] })),
      [`${at}.trustStores[0]`],
    ],
    // The reference takes these two for names.
    ['a trust store "."', documentOf(statement({ trustStores: ['ca:.'] })), [`${at}.trustStores[0]`]],
    ['a trust store ".."', documentOf(statement({ trustStores: ['ca:..'] })), [`${at}.trustStores[0]`]],
    ['no identities', documentOf(statement({ trustedIdentities: undefined })), [`${at}.trustedIdentities`]],
    ['an empty list of identities', documentOf(statement({ trustedIdentities: [] })), [`${at}.trustedIdentities`]],
    [
      'an identity that is none',
      documentOf(statement({ trustedIdentities: ['C=US'] })),
      [`${at}.trustedIdentities[0]`],
    ],
    ['an identity that is a number', documentOf(statement({ trustedIdentities: [1] })), [`${at}.trustedIdentities[0]`]],
    [
      'skip with trust stores',
      documentOf(statement({ signatureVerification: { level: 'skip' }, trustedIdentities: [] })),
      [`${at}.trustStores`],
    ],
    [
      'skip with identities',
      documentOf(statement({ signatureVerification: { level: 'skip' }, trustStores: [] })),
      [`${at}.trustedIdentities`],
    ],
    [
      'skip for "*"',
      documentOf(
        statement({
          registryScopes: ['*'],
          signatureVerification: { level: 'skip' },
          trustStores: [],
          trustedIdentities: [],
        }),
      ),
      [`${at}.signatureVerification.level`],
    ],
    [
      'skip with an override',
      documentOf(
        statement({
          signatureVerification: { level: 'skip', override: { expiry: 'log' } },
          trustStores: [],
          trustedIdentities: [],
        }),
      ),
      [`${at}.signatureVerification.override`],
    ],
  ])('%s', (_, document, paths) => expect(errorPaths(document)).toEqual(paths))

  test.each<[string, unknown, string[]]>([
    ['a member for artifacts', documentOf(statement({ globalPolicy: true })), [`${at}.registryScopes`]],
    ['globalPolicy as text', documentOf(blobStatement({ globalPolicy: 'true' })), [`${at}.globalPolicy`]],
    [
      'two global policies',
      documentOf(blobStatement({ globalPolicy: true }), blobStatement({ name: 'other', globalPolicy: true })),
      ['trustPolicies[1].globalPolicy'],
    ],
    [
      'a global policy that skips',
      documentOf(
        blobStatement({
          globalPolicy: true,
          signatureVerification: { level: 'skip' },
          trustStores: [],
          trustedIdentities: [],
        }),
      ),
      [`${at}.signatureVerification.level`],
    ],
  ])('blobs: %s', (_, document, paths) => expect(errorPaths(document, 'blob')).toEqual(paths))

  test('CVE-2025-29778: a member that was meant to restrict, and is not known, is never ignored', () => {
    expect(errorPaths(documentOf(statement({ subjectRegExp: '^CN=release$' })))).toEqual([`${at}.subjectRegExp`])
    expect(errorPaths(documentOf(statement({ trustedidentities: ['x509.subject: C=US, ST=WA, O=Acme'] })))).toEqual([
      `${at}.trustedidentities`,
    ])
  })

  test('X10: identities that overlap, and "*" beside others', () => {
    const of = (...trustedIdentities: string[]) => errorPaths(documentOf(statement({ trustedIdentities })))
    const [wide, narrow, other] = ['C=US,ST=WA,O=x', 'C=US,ST=WA,O=x,CN=y', 'C=US,ST=WA,O=z'].map(
      (name) => `x509.subject:${name}`,
    )
    expect(of(wide!, other!)).toEqual([])
    expect(of(wide!, narrow!)).toEqual([`${at}.trustedIdentities[1]`])
    expect(of(narrow!, wide!)).toEqual([`${at}.trustedIdentities[0]`])
    expect(of(wide!, other!, wide!)).toEqual([`${at}.trustedIdentities[2]`])
    expect(of(wide!, narrow!, `${narrow},OU=z`, other!)).toContain(`${at}.trustedIdentities[2]`)
    expect(of(`${wide},OU=y`, narrow!)).toEqual([])
    expect(of('*', wide!)).toEqual([`${at}.trustedIdentities`])
    expect(of('*', '*')).toEqual([`${at}.trustedIdentities`])
  })

  test('J1: names that mean something to JavaScript are names like any other', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const text = JSON.stringify(documentOf(statement())).replace('"name"', `"${name}":{"level":"skip"},"name"`)
      expect(errorPaths(text)).toEqual([`${at}.${name}`])
      const override = `{"level":"strict","override":{"${name}":"log"}}`
      expect(errorPaths(JSON.stringify(documentOf(statement())).replace('{"level":"strict"}', override))).toEqual([
        `${at}.signatureVerification.override.${name}`,
      ])
    }
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(parseTrustPolicy(documentOf(statement({ name: '__proto__' })), 'oci').policies[0]!.name).toBe('__proto__')
  })

  test('J1: members that are only inherited do not count', () => {
    expect(errorPaths(Object.create(documentOf(statement())))).toEqual(['version', 'trustPolicies'])
    const skipping = Object.assign(
      Object.create({ signatureVerification: { level: 'skip' } }),
      statement({ signatureVerification: undefined }),
    )
    expect(errorPaths(documentOf(skipping))).toEqual([`${at}.signatureVerification`])
  })
})

describe('problems', () => {
  test('are collected, all of them, across policies', () => {
    const document = documentOf(
      statement({ name: '', registryScopes: ['https://a.example/b', 'a.example/'], trustStores: ['acme', 'ca:..'] }),
      statement({ signatureVerification: { level: 'Strict' }, trustedIdentities: ['C=US'], note: '' }),
    )
    expect(errorPaths({ ...document, version: '2' })).toEqual([
      'version',
      `${at}.name`,
      `${at}.registryScopes[0]`,
      `${at}.registryScopes[1]`,
      `${at}.trustStores[0]`,
      `${at}.trustStores[1]`,
      'trustPolicies[1].note',
      'trustPolicies[1].signatureVerification.level',
      'trustPolicies[1].trustedIdentities[0]',
    ])
  })

  test('say where broken JSON breaks', () => {
    const [problem] = problemsOf('{\n  "version": "1.0",\n  // ours\n  "trustPolicies": []\n}')
    expect(problem!.message).toContain('line 3, column 3')
  })

  test('of a policy with thousands of warnings do not hide an error', () => {
    const trustStores = [...Array.from({ length: 900 }, () => 'ca:acme'), 'ca:..']
    expect(errorPaths(documentOf(statement({ trustStores })))).toEqual([`${at}.trustStores[900]`])
  })

  test('hold nothing that a terminal obeys', () => {
    const evil = '\u001b[31m\u202e'
    const document = {
      [evil]: evil,
      ...documentOf(statement({ [evil]: evil, name: evil, registryScopes: [evil], trustStores: [evil] })),
    }
    const shown = problemsOf(document).map(({ path, message }) => path + message)
    expect(shown).toHaveLength(4)
    expect(
      shown
        .join()
        .split('')
        .filter((character) => evil.includes(character) && !'[31m'.includes(character)),
    ).toEqual([])
  })

  test('are few and quick to find in a document that is one megabyte of mistakes', () => {
    const identities = Array.from({ length: 1000 }, (_, index) => `x509.subject:C=US,ST=WA,O=x,CN=${index}`)
    const policies = Array.from({ length: 20 }, (_, index) =>
      statement({ name: `p${index}`, registryScopes: [`a.example/p${index}`], trustedIdentities: identities }),
    )
    const start = performance.now()
    expect(errorPaths(documentOf(...policies))).toEqual([])
    expect(
      errorPaths(documentOf(statement({ registryScopes: Array.from({ length: 20_000 }, () => '*/') }))).length,
    ).toBe(200)
    expect(performance.now() - start).toBeLessThan(3000)
    expect(errorPaths(documentOf(statement({ trustedIdentities: Array.from({ length: 1001 }, () => 'a:b') })))).toEqual(
      [`${at}.trustedIdentities`],
    )
    expect(errorPaths(documentOf(...Array.from({ length: 1001 }, () => 0)))).toEqual(['trustPolicies'])
    expect(errorPaths(' '.repeat(1024 * 1024 + 1))).toEqual([''])
  })

  test('are in the error, which is one line', () => {
    try {
      parseTrustPolicy({}, 'oci')
      expect.unreachable()
    } catch (error) {
      expect(isOcisignError(error, 'INVALID_TRUST_POLICY') && error.details.problems.length).toBe(2)
      expect((error as Error).message).toMatch(/^the oci trust policy cannot be used: version: .*and 1 more\)$/)
    }
  })
})
