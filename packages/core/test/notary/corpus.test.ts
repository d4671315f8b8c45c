// SPDX-License-Identifier: Apache-2.0
// Every case of the corpus, against what the Go reference did with the same bytes.
import { readFileSync } from 'node:fs'
import { type NotaryCorpus, type NotaryCorpusCase, openNotaryCorpus } from '@ocisign/conformance/corpus'
import {
  coseDecoder,
  createNotaryVerifier,
  isOcisignError,
  type Judgement,
  jwsDecoder,
  type Outcomes,
  verifyArtifact,
} from '@ocisign/core'
import { openDirectoryTrustStore, openTrustPolicy } from '@ocisign/core/node'
import { type Layout, openLayout } from '@ocisign/layout'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

interface Exception {
  readonly name: string
  readonly reason: string
}

interface Observed {
  readonly verified: boolean
  readonly failedChecks: readonly string[]
  /** Codes of everything that said no or did not know. */
  readonly codes: readonly string[]
}

const exceptions: readonly Exception[] = JSON.parse(
  readFileSync(new URL('../../../conformance/conformance-exceptions.json', import.meta.url), 'utf8'),
)

/** What a later version verifies; until then such a signature must refuse, or say that it could not find out. */
const pending = ['UNAVAILABLE_TIMESTAMP', 'UNAVAILABLE_REVOCATION']

let corpus: NotaryCorpus
let layout: Layout
const observed = new Map<string, Observed>()

beforeAll(async () => {
  corpus = await openNotaryCorpus()
  // Opened once: it remembers which manifest refers to which, and the corpus is one layout.
  layout = await openLayout(corpus.layout)
  for (const each of corpus.cases) observed.set(each.name, await observe(each))
})

afterAll(() => corpus.close())

async function observe(each: NotaryCorpusCase): Promise<Observed> {
  const judgements: Judgement[] = []
  try {
    const directory = corpus.configDirectory(each.config)
    const policy = await openTrustPolicy(directory, 'oci')
    const trustStore = await openDirectoryTrustStore(directory)
    const verifier = createNotaryVerifier({ policy, trustStore, formats: [jwsDecoder, coseDecoder] })
    const store = { ...layout, repository: each.scope }
    const onJudgement = (judgement: Judgement) => void judgements.push(judgement)
    const { userMetadata } = each
    const verdict = await verifyArtifact(store, each.digest, verifier, { onJudgement, userMetadata })
    if (verdict.decision === 'not-required') return { verified: true, failedChecks: [], codes: [] }
    const [{ outcomes }] = verdict.proofs
    return { verified: true, failedChecks: failedChecks([outcomes]), codes: codesOf(outcomes) }
  } catch (error) {
    if (!isOcisignError(error)) throw error
    const refused = judgements.flatMap(({ result }) => (isOcisignError(result) ? [result] : []))
    const outcomes = refused.flatMap(({ details }) =>
      'outcomes' in details && details.outcomes ? [details.outcomes] : [],
    )
    const codes = [error.code, ...refused.map(({ code }) => code), ...outcomes.flatMap(codesOf)]
    return { verified: false, failedChecks: failedChecks(outcomes), codes }
  }
}

const codesOf = (outcomes: Outcomes) =>
  Object.values(outcomes).flatMap((outcome) => ('error' in outcome ? [outcome.error.code] : []))

const failedChecks = (all: readonly Outcomes[]) =>
  [
    ...new Set(all.flatMap((outcomes) => Object.keys(outcomes).filter((check) => 'error' in (outcomes[check] ?? {})))),
  ].sort()

const matches = ({ expected }: NotaryCorpusCase, { verified, failedChecks }: Observed) =>
  expected.verified === verified && JSON.stringify(expected.failedChecks) === JSON.stringify(failedChecks)

const isPending = ({ codes }: Observed) => codes.some((code) => pending.includes(code))

describe('Notary corpus', () => {
  test('every case is judged as the reference judged it, but for the exceptions and what waits for timestamps and revocation', () => {
    const excepted = new Set(exceptions.map(({ name }) => name))
    const wrong = corpus.cases
      .filter((each) => !matches(each, observed.get(each.name)!) && !isPending(observed.get(each.name)!))
      .filter(({ name }) => !excepted.has(name))
      .map((each) => ({ name: each.name, expected: each.expected, observed: observed.get(each.name) }))
    const waiting = corpus.cases.filter(
      (each) => !matches(each, observed.get(each.name)!) && isPending(observed.get(each.name)!),
    )
    console.info(
      `corpus: ${corpus.cases.length} cases, ${excepted.size} exceptions, ${waiting.length} wait for timestamps or revocation, ${wrong.length} wrong`,
    )
    expect(wrong).toEqual([])
  })

  test('nothing that the reference refuses is accepted', () => {
    const lenient = corpus.cases.filter(({ name, expected }) => observed.get(name)!.verified && !expected.verified)
    expect(lenient.map(({ name }) => name)).toEqual(
      exceptions.filter(({ reason }) => reason === leniency).map(({ name }) => name),
    )
  })

  test('exceptions are stricter, needed, explained and few', () => {
    expect(exceptions.length).toBeLessThanOrEqual(80)
    for (const { name, reason } of exceptions) {
      const each = corpus.cases.find((candidate) => candidate.name === name)
      expect(each, name).toBeDefined()
      expect(reason.length, name).toBeGreaterThan(20)
      expect(matches(each!, observed.get(name)!), `${name} matches after all`).toBe(false)
      if (reason !== leniency) expect(observed.get(name)!.verified, name).toBe(false)
    }
  })
})

/** The only declared leniency. */
const leniency = 'a signature that is unreadable or junk does not stop the others'
