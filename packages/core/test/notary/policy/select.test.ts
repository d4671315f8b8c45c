// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { isOcisignError } from '../../../src/index.js'
import { parseTrustPolicy } from '../../../src/notary/policy/parse.js'
import { explainPolicySelection, type PolicyContext, selectPolicy } from '../../../src/notary/policy/select.js'
import { blobStatement, documentOf, errorPaths, statement } from './documents.js'

const oci = (...scopes: string[][]) =>
  parseTrustPolicy(
    documentOf(...scopes.map((registryScopes, index) => statement({ name: `p${index}`, registryScopes }))),
    'oci',
  )
const blob = (...policies: object[]) =>
  parseTrustPolicy(documentOf(...policies.map((each) => blobStatement({ ...each }))), 'blob')

/** The selected policy's name, or the code of the refusal. */
const select = (document: ReturnType<typeof oci>, context: PolicyContext) => {
  try {
    return selectPolicy(document, context).name
  } catch (error) {
    if (isOcisignError(error)) return error.code
    throw error
  }
}

describe('artifacts', () => {
  const document = oci(['registry.example.com/team/app', 'localhost:5000/app'], ['*'])
  test.each([
    ['registry.example.com/team/app', 'p0'],
    ['localhost:5000/app', 'p0'],
    ['registry.example.com/team/other', 'p1'],
    ['local/layout', 'p1'],
  ])('%s selects %s', (scope, name) => expect(select(document, { scope })).toBe(name))

  test('the order of the policies does not matter', () => {
    expect(select(oci(['*'], ['a.example/b']), { scope: 'a.example/b' })).toBe('p1')
  })
  test('P1: none applies', () => {
    expect(select(oci(['a.example/b']), { scope: 'a.example/c' })).toBe('UNTRUSTED_NO_POLICY')
  })
  test('which repository it is in has to be said, unless all are alike', () => {
    expect(select(oci(['a.example/b'], ['*']), {})).toBe('MISUSE_SCOPE')
    expect(select(oci(['a.example/b']), {})).toBe('MISUSE_SCOPE')
    expect(select(oci(['*']), {})).toBe('p0')
  })
  test('a policy cannot be chosen by name', () => {
    expect(select(oci(['*']), { scope: 'a.example/b', policyName: 'p0' })).toBe('MISUSE_OPTION')
  })

  // P2: what looks like the same repository is not.
  test.each([
    ['registry.example.com/team/App', 'INVALID_REFERENCE'],
    ['Registry.example.com/team/app', 'UNTRUSTED_NO_POLICY'],
    ['registry.example.com:443/team/app', 'UNTRUSTED_NO_POLICY'],
    ['registry.example.com:5000/team/app', 'UNTRUSTED_NO_POLICY'],
    ['registry.example.com./team/app', 'INVALID_REFERENCE'],
    ['registry.example.com/team/app/', 'INVALID_REFERENCE'],
    ['registry.example.com/team/app/sub', 'UNTRUSTED_NO_POLICY'],
    ['registry.example.com/team', 'UNTRUSTED_NO_POLICY'],
    ['registry.example.com/team/../team/app', 'INVALID_REFERENCE'],
    ['registry.example.com//team/app', 'INVALID_REFERENCE'],
    ['registry.example.com/team/app:v1', 'INVALID_REFERENCE'],
    ['registry.example.com/team/app@sha256:00', 'INVALID_REFERENCE'],
    ['https://registry.example.com/team/app', 'INVALID_REFERENCE'],
    ['rеgistry.example.com/team/app', 'INVALID_REFERENCE'],
    ['xn--rgistry-3mg.example.com/team/app', 'UNTRUSTED_NO_POLICY'],
    ['docker.io/library/nginx', 'hub'],
    ['docker.io/nginx', 'UNTRUSTED_NO_POLICY'],
    ['index.docker.io/library/nginx', 'UNTRUSTED_NO_POLICY'],
    ['nginx', 'INVALID_REFERENCE'],
    ['[::1]:5000/app', 'INVALID_REFERENCE'],
    ['*', 'INVALID_REFERENCE'],
    ['', 'INVALID_REFERENCE'],
    ['__proto__/x', 'INVALID_REFERENCE'],
  ])('P2: %j: %s', (scope, result) => {
    const policies = [
      statement({ registryScopes: ['registry.example.com/team/app'] }),
      statement({ name: 'hub', registryScopes: ['docker.io/library/nginx'] }),
    ]
    expect(select(parseTrustPolicy(documentOf(...policies), 'oci'), { scope })).toBe(result)
  })
  test('P2: nor does "*" take in what is no repository', () => {
    for (const scope of ['*', '', 'nginx', '[::1]:5000/app', 'a.example/B'])
      expect(select(oci(['*']), { scope })).toBe('INVALID_REFERENCE')
  })
})

// Each row was compared with validateRegistryScopeFormat of notation-go v1.3.2; the last two are stricter.
describe('scopes of a policy', () => {
  test.each([
    'a.example/b',
    'localhost/b',
    'localhost:5000/b',
    'A.example/b',
    '10.0.0.1:80/b',
    'local/a/b/c',
    'local/a.b_c__d-e---f',
    'xn--rgistry-3mg.example/b',
  ])('%s is one', (scope) => expect(errorPaths(documentOf(statement({ registryScopes: [scope] })))).toEqual([]))

  test.each([
    '',
    '/',
    'a.example',
    'a.example/',
    '/b',
    'a.example/b/',
    'a.example//b',
    'a.example/B',
    'a.example/b:v1',
    'a.example/b@sha256:0',
    'https://a.example/b',
    'a.example/*',
    '*.example/b',
    '**',
    '-a.example/b',
    'a-.example/b',
    'a.example./b',
    'a..example/b',
    'a.example:/b',
    'a.example:x/b',
    'a_b.example/b',
    'a.example/.b',
    'a.example/b.',
    'a.example/b..c',
    'a.example/b___c',
    'a.example/b c',
    'a.example/../b',
    ' a.example/b',
    'a.example/b\n',
    '[::1]/b',
    `a.example/${'b'.repeat(1100)}`,
    'a.example:123456/b',
  ])('%j is none', (scope) =>
    expect(errorPaths(documentOf(statement({ registryScopes: [scope] })))).toEqual([
      'trustPolicies[0].registryScopes[0]',
    ]),
  )

  test('J5: one that is a megabyte long is refused at once', () => {
    const start = performance.now()
    for (const part of ['a', 'a-', 'a.', 'a_', '-', '/'])
      expect(errorPaths(documentOf(statement({ registryScopes: [`a.example/${part.repeat(1 << 19)}!`] }))).length).toBe(
        1,
      )
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('blobs', () => {
  const document = blob({ name: 'a' }, { name: 'b', globalPolicy: true })
  test('by name, exactly, or the global one', () => {
    expect(select(document, { policyName: 'a' })).toBe('a')
    expect(select(document, { policyName: 'b' })).toBe('b')
    expect(select(document, {})).toBe('b')
  })
  test('none applies', () => {
    expect(select(document, { policyName: 'A' })).toBe('UNTRUSTED_NO_POLICY')
    expect(select(document, { policyName: ' a' })).toBe('UNTRUSTED_NO_POLICY')
    expect(select(document, { policyName: 'constructor' })).toBe('UNTRUSTED_NO_POLICY')
    expect(select(blob({ name: 'a' }), {})).toBe('UNTRUSTED_NO_POLICY')
  })
  test('misuse', () => {
    expect(select(document, { policyName: '' })).toBe('MISUSE_OPTION')
    expect(select(document, { policyName: ' \t' })).toBe('MISUSE_OPTION')
    expect(select(document, { scope: 'a.example/b' })).toBe('MISUSE_OPTION')
  })
})

test('P3: skip is what a policy says, and nothing else: no other text selects it', () => {
  const skip = statement({
    name: 'skip',
    registryScopes: ['a.example/unsigned'],
    signatureVerification: { level: 'skip' },
    trustStores: [],
    trustedIdentities: [],
  })
  const document = parseTrustPolicy(documentOf(statement({ registryScopes: ['*'] }), skip), 'oci')
  expect(selectPolicy(document, { scope: 'a.example/unsigned' }).skip).toBe(true)
  for (const scope of ['a.example/unsigned/x', 'a.example/unsigne', 'b.example/unsigned', 'a.example:443/unsigned'])
    expect(selectPolicy(document, { scope }).skip).toBe(false)
})

describe('explaining a selection', () => {
  const reasons = (document: ReturnType<typeof oci>, context: PolicyContext) =>
    explainPolicySelection(document, context).map(
      ({ policy, selected, reason }) => `${selected ? '+' : '-'}${policy}: ${reason}`,
    )

  test('names the one that applies and why the others do not', () => {
    const document = oci(['a.example/b', 'a.example/c'], ['a.example/d'], ['*'])
    expect(reasons(document, { scope: 'a.example/c' })).toEqual([
      '+p0: it lists "a.example/c"',
      '-p1: it does not list the repository',
      '-p2: it is for "*", and "p0" lists the repository itself',
    ])
    expect(reasons(document, { scope: 'a.example/e' })[2]).toBe(
      '+p2: it is for "*", and no policy lists the repository',
    )
  })
  test.each([
    ['A.example/b', 'a.example/b'],
    ['a.example/b', 'a.example:443/b'],
    ['a.example/b', 'a.example/b/c'],
    ['docker.io/nginx', 'docker.io/library/nginx'],
    ['docker.io/library/nginx', 'index.docker.io/library/nginx'],
  ])('a policy for %s points out that %s is something else', (policy, scope) => {
    const [only] = explainPolicySelection(oci([policy]), { scope })
    expect(only!.selected).toBe(false)
    expect(only!.reason).toContain('letter for letter')
  })
  test('says so where none applies, and throws what selecting throws otherwise', () => {
    expect(
      explainPolicySelection(oci(['a.example/b']), { scope: 'a.example/c' }).some(({ selected }) => selected),
    ).toBe(false)
    expect(() => explainPolicySelection(oci(['a.example/b']), {})).toThrow(
      expect.objectContaining({ code: 'MISUSE_SCOPE' }),
    )
  })
  test('blobs', () => {
    const document = blob({ name: 'a' }, { name: 'b', globalPolicy: true })
    expect(reasons(document, {})).toEqual([
      '-a: no policy is named, and it is not the global one',
      '+b: no policy is named, and it is the global one',
    ])
    expect(reasons(document, { policyName: 'a' })).toEqual([
      '+a: it is named',
      '-b: it is the global one, but another is named',
    ])
    expect(reasons(document, { policyName: 'A' })[0]).toBe('-a: its name differs in letter case')
  })
})
