// SPDX-License-Identifier: Apache-2.0
// What `verify` says of several references: one object each, and the exit code that outweighs the others.
import { cp, readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodeOf, joinExitCodes } from '../src/exit-codes.js'
import { linesOf, run } from './support/program.js'
import { createArtifact, createKey, createScene, type Scene, scope, writeConfiguration } from './support/scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
  const { path, signingWith } = scene
  await createKey(path('other'))
  await createArtifact(path('layout'), 'unsigned', 'unsigned')
  await createArtifact(path('layout'), 'other', 'other')
  await run(['sign', '--oci-layout', ...signingWith('good'), path('layout:v1')])
  await run(['sign', '--oci-layout', ...signingWith('other'), path('layout:other')])
  await cp(path('config'), path('audit'), { recursive: true })
  await cp(path('config'), path('skip'), { recursive: true })
  const policy = await readFile(path('config/trustpolicy.oci.json'), 'utf8')
  await writeFile(path('audit/trustpolicy.oci.json'), policy.replace('strict', 'audit'))
  const skip = { name: 'free', registryScopes: [scope], signatureVerification: { level: 'skip' } }
  await writeFile(path('skip/trustpolicy.oci.json'), JSON.stringify({ version: '1.0', trustPolicies: [skip] }))
  await writeConfiguration(path('junk-store'), { root: 'junk' })
})
afterAll(() => scene.dispose())

async function verify(config: string, references: readonly string[], output = 'json') {
  const { path } = scene
  const options = ['--oci-layout', '--config-dir', path(config), '--scope', scope, '--output', output]
  const ended = await run(['verify', ...options, ...references.map((each) => path(each))])
  return { ...ended, reports: output === 'text' ? [] : linesOf(ended.stdout).map((line) => JSON.parse(line)) }
}

test('a report has the members that are documented, and no others', async () => {
  const { reports, status, stderr } = await verify('config', ['layout:v1'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/)
  expect(reports).toEqual([
    {
      schemaVersion: 1,
      reference: scene.path('layout:v1'),
      subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: expect.any(Number) },
      decision: 'verified',
      policy: 'ours',
      signatures: [
        {
          digest,
          manifest: digest,
          mediaType: 'application/jose+json',
          decision: 'verified',
          subject: 'CN=ocisign test leaf,O=ocisign test,ST=WA,C=US',
          signingTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
          outcomes: {
            integrity: { status: 'passed' },
            authenticity: { status: 'passed' },
            expiry: { status: 'not-applicable' },
            authenticTimestamp: { status: 'passed' },
            revocation: { status: 'not-applicable' },
          },
        },
      ],
    },
  ])
})

test('a refused signature says which check refused it', async () => {
  const { reports, status, stderr } = await verify('config', ['layout:other'], 'json')
  expect(status).toBe(1)
  expect(linesOf(stderr)).toHaveLength(1)
  expect(reports).toHaveLength(1)
  const [{ decision, error, signatures }] = reports
  expect({ decision, code: error.code }).toEqual({ decision: 'refused', code: 'UNTRUSTED_NO_SIGNATURE' })
  expect(signatures[0]).toMatchObject({
    decision: 'refused',
    outcomes: {
      integrity: { status: 'passed' },
      authenticity: { status: 'failed', code: 'UNTRUSTED_ANCHOR', message: expect.any(String) },
      expiry: { status: 'skipped' },
    },
    error: { code: 'UNTRUSTED_SIGNATURE' },
  })
  const text = await verify('config', ['layout:other'], 'text')
  expect(text.stdout).toContain('authenticity failed')
  expect(text.stdout).toContain('[UNTRUSTED_ANCHOR]')
})

test('of several references each has its object, in order, and the worst decides the exit code', async () => {
  const all = ['layout:v1', 'layout:unsigned', 'layout:absent', 'layout:other']
  const { reports, status, stderr } = await verify('config', all)
  expect(status).toBe(3)
  expect(linesOf(stderr)).toHaveLength(3)
  expect(reports.map(({ reference }) => reference)).toEqual(all.map((each) => scene.path(each)))
  expect(reports.map(({ decision }) => decision)).toEqual(['verified', 'refused', 'unavailable', 'refused'])
  expect(reports.map(({ error }) => error?.code)).toEqual([
    undefined,
    'UNTRUSTED_NO_SIGNATURE',
    'UNAVAILABLE_NOT_FOUND',
    'UNTRUSTED_NO_SIGNATURE',
  ])
  expect((await verify('config', ['layout:unsigned', 'layout:absent', 'layout:v+1'])).status).toBe(4)
  expect((await verify('config', ['layout:v+1', 'layout'])).status).toBe(2)
  expect((await verify('config', ['layout:v1', 'layout:unsigned'])).status).toBe(1)
})

test('audit tolerates and says so; skip is not required', async () => {
  const audit = await verify('audit', ['layout:v1', 'layout:other'])
  expect(audit.reports.map(({ decision }) => decision)).toEqual(['tolerated', 'tolerated'])
  expect(audit.reports[1].signatures[0]).toMatchObject({
    decision: 'tolerated',
    outcomes: { authenticity: { status: 'failed' } },
  })
  expect(audit).toMatchObject({ status: 0, stderr: '' })
  const skip = await verify('skip', ['layout:unsigned'])
  expect(skip).toMatchObject({ status: 0, stderr: '' })
  expect(skip.reports).toEqual([expect.objectContaining({ decision: 'not-required', policy: 'free', signatures: [] })])
  expect((await verify('skip', ['layout:unsigned'], 'text')).stdout).toContain('asks for no signature')
})

test('with a policy that cannot be used every reference has its object, and people are told once', async () => {
  const { reports, status, stderr } = await verify('absent', ['layout:v1', 'layout:other'])
  expect(status).toBe(3)
  expect(linesOf(stderr)).toHaveLength(1)
  expect(reports).toHaveLength(2)
  for (const report of reports)
    expect(report).toMatchObject({ subject: null, decision: 'unavailable', policy: null, signatures: [] })
})

test('a trust store that cannot be used vouches for nobody, and the report says why', async () => {
  const { reports, status } = await verify('junk-store', ['layout:v1'])
  expect(status).toBeGreaterThan(0)
  expect(reports[0].decision).not.toBe('verified')
  expect(reports[0].signatures[0].outcomes.authenticity).toMatchObject({ code: 'INVALID_TRUST_STORE' })
})

describe('exit codes', () => {
  test.each([
    [[0, 1, 3, 4, 2], 2],
    [[0, 1, 3, 4], 4],
    [[3, 1, 0], 3],
    [[0, 1], 1],
    [[0, 0], 0],
  ])('%j together are %i', (codes, joined) => expect(joinExitCodes(codes)).toBe(joined))

  test('what nobody foresaw is no yes and no no', () => expect(exitCodeOf(new Error('surprise'))).toBe(3))
})
