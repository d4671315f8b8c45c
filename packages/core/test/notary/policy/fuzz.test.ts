// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type NotaryCorpus, openNotaryCorpus } from '@ocisign/conformance/corpus'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isOcisignError } from '../../../src/index.js'
import { lintTrustPolicy } from '../../../src/notary/policy/lint.js'
import { parseTrustPolicy } from '../../../src/notary/policy/parse.js'
import { explainPolicySelection, selectPolicy } from '../../../src/notary/policy/select.js'
import { fuzzParameters } from '../../fuzz.js'
import { documentOf, statement } from './documents.js'

let corpus: NotaryCorpus
const documents = new Map<string, Uint8Array>()
beforeAll(async () => {
  corpus = await openNotaryCorpus()
  for (const config of await readdir(join(corpus.directory, 'configs')))
    documents.set(config, new Uint8Array(await readFile(join(corpus.directory, 'configs', config, 'trustpolicy.json'))))
})
afterAll(() => corpus.close())

/** Reads, and holds what comes out to what is promised. */
function attempt(input: unknown): void {
  const kinds = ['oci', 'blob'] as const
  for (const kind of kinds) {
    const problems = lintTrustPolicy(input, kind)
    const isBroken = problems.some(({ severity }) => severity === 'error')
    expect(problems.length).toBeLessThanOrEqual(400)
    try {
      const document = parseTrustPolicy(input, kind)
      expect(isBroken).toBe(false)
      expect(new Set(document.policies.map(({ name }) => name)).size).toBe(document.policies.length)
      for (const policy of document.policies) {
        const context = kind === 'blob' ? { policyName: policy.name } : { scope: policy.scopes![0]! }
        if (context.scope === '*') continue
        expect(selectPolicy(document, context)).toBe(policy)
        expect(explainPolicySelection(document, context).filter(({ selected }) => selected)).toHaveLength(1)
      }
    } catch (error) {
      expect(isOcisignError(error, 'INVALID_TRUST_POLICY')).toBe(true)
      expect(isBroken).toBe(true)
    }
  }
}

describe('corpus', () => {
  // The closed schema, and level skip for "*", which the specification forbids.
  const stricter = ['policy-unknown-member', 'policy-case-members', 'level-skip-global']

  test('every policy document is read exactly where the reference read it, but for the stricter ones', () => {
    let count = 0
    for (const [config, bytes] of documents) {
      const cases = corpus.cases.filter((each) => each.config === config)
      const wasRead = cases.some(({ expected }) => expected.verified || expected.failedChecks.length > 0)
      const errors = lintTrustPolicy(bytes, 'oci').filter(({ severity }) => severity === 'error')
      // A refusal with no failed check may come from elsewhere; these groups are about documents alone.
      const isAboutDocuments = cases.every(({ group }) =>
        ['policy-document', 'scope', 'trusted-identity'].includes(group),
      )
      if (stricter.includes(config)) expect(errors.length, config).toBeGreaterThan(0)
      else if (wasRead) expect(errors, config).toEqual([])
      else if (isAboutDocuments && !config.startsWith('scope-exact') && config !== 'scope-port')
        expect(errors.length, config).toBeGreaterThan(0)
      count++
    }
    console.log(`corpus: ${count} policy documents, ${stricter.length} stricter`)
    expect(count).toBeGreaterThan(100)
  })

  test('fuzz: bytes of the corpus, changed', () => {
    const all = [...documents.values()]
    const changed = fc
      .record({
        index: fc.nat(all.length - 1),
        edits: fc.array(
          fc.tuple(
            fc.nat(),
            fc.oneof(fc.nat(255), fc.constantFrom(...'{}[]",:\\*0'.split('').map((c) => c.charCodeAt(0)))),
          ),
          { maxLength: 4 },
        ),
        cut: fc.option(fc.nat(), { freq: 4 }),
      })
      .map(({ index, edits, cut }) => {
        const bytes = new Uint8Array(all[index]!)
        for (const [position, value] of edits) bytes[position % bytes.length] = value
        return cut === null ? bytes : bytes.subarray(0, cut % bytes.length)
      })
    fc.assert(fc.property(changed, attempt), fuzzParameters('trust policy bytes'))
  })
})

test('fuzz: documents of almost the right shape', () => {
  const text = fc.constantFrom(
    '',
    '*',
    'a',
    'a.example/b',
    'ca:acme',
    'ca:..',
    'x509.subject:C=US,ST=WA,O=x',
    'strict',
    'skip',
    'audit',
    '__proto__',
    'log',
  )
  const value = fc.oneof(
    { depthSize: 'small' },
    text,
    fc.array(text, { maxLength: 3 }),
    fc.boolean(),
    fc.constant(null),
    fc.anything(),
  )
  const names = [
    'name',
    'registryScopes',
    'signatureVerification',
    'trustStores',
    'trustedIdentities',
    'globalPolicy',
    '__proto__',
    'Name',
  ]
  const verification = fc.record(
    { level: text, override: fc.dictionary(text, text), verifyTimestamp: text },
    { requiredKeys: ['level'] },
  )
  const changes = fc.dictionary(fc.constantFrom(...names), fc.oneof(value, verification), { maxKeys: 3 })
  const policies = fc.array(
    changes.map((each) => statement(each)),
    { maxLength: 3 },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        { weight: 5, arbitrary: policies.map((each) => documentOf(...each)) },
        { weight: 1, arbitrary: fc.anything() },
      ),
      attempt,
    ),
    fuzzParameters('trust policy documents'),
  )
})
