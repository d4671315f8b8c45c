// SPDX-License-Identifier: Apache-2.0
// What `verify` tells people: the first line is all that many read, and it says what is the matter.
import { cp, readFile, writeFile } from 'node:fs/promises'
import type { MisbehaviourRule } from '@ocisign/conformance/fake'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, linesOf, run } from './support/program.js'
import { createRegistryScene, type RegistryScene, seedIndex } from './support/registry.js'
import { createKey } from './support/scene.js'

let scene: RegistryScene
beforeAll(async () => {
  scene = await createRegistryScene()
  const { registry, path, app, signingWith } = scene
  for (const tag of ['unsigned', 'foreign']) registry.seedImage('org/app', tag, tag)
  for (const tag of ['index', 'bare']) seedIndex(registry, 'org/app', tag, ['linux/amd64', 'linux/arm64'])
  await createKey(path('other'))
  await run(['sign', ...signingWith('good'), app('v1'), app('index')])
  await run(['sign', ...signingWith('other'), app('foreign')])
  await cp(path('config'), path('audit'), { recursive: true })
  const policy = await readFile(path('config/trustpolicy.oci.json'), 'utf8')
  await writeFile(path('audit/trustpolicy.oci.json'), policy.replace('strict', 'audit'))
  await cp(path('config'), path('broken'), { recursive: true })
  await writeFile(path('broken/trustpolicy.oci.json'), '{')
})
afterAll(() => scene.dispose())

async function verify(args: readonly string[], config = 'config', rule?: MisbehaviourRule) {
  const end = rule && scene.registry.misbehave(rule)
  const ended = await run(['verify', '--config-dir', scene.path(config), '--timeout', '20s', ...args])
  end?.()
  return { ...ended, first: linesOf(ended.stdout)[0]?.replace(/^(.) \S+: /, '$1 '), code: codeOf(ended.stderr) }
}

const down: MisbehaviourRule = { when: { what: 'referrers' }, how: { kind: 'status', status: 403, code: 'DENIED' } }

describe('the first line', () => {
  test.each<[string, string, string, number, string?, MisbehaviourRule?]>([
    ['verified', 'v1', '✓ verified', 0],
    ['tolerated', 'foreign', '! tolerated, not verified: the policy only logs what failed', 0, 'audit'],
    ['unsigned', 'unsigned', '✗ refused: there is no signature', 1],
    ['signed by a stranger', 'foreign', '✗ refused: no signature satisfies the policy', 1],
    ['not there', 'absent', '? could not find out: it is not there', 3],
    ['not answered', 'v1', '? could not find out [UNAVAILABLE_VERIFICATION]', 3, 'config', down],
    ['a policy that is none', 'v1', '✗ refused [INVALID_TRUST_POLICY]', 4, 'broken'],
  ])('%s', async (_, tag, first, status, config, rule) => {
    expect(await verify([scene.app(tag)], config, rule)).toMatchObject({ first, status })
  })

  test('no policy', async () => {
    const ended = await verify([`${scene.registry.host}/org/none:v1`])
    expect(ended).toMatchObject({ first: '✗ refused: no trust policy is for it', status: 1 })
  })
})

describe('--recursive', () => {
  test.each([
    ['of one image that nobody signed', 'unsigned', '✗ refused: there is no signature', 'there is no signature'],
    [
      'of one that a stranger signed',
      'foreign',
      '✗ refused: no signature satisfies the policy',
      'the signature does not',
    ],
    [
      'of an index',
      'bare',
      '✗ refused: not all of it is signed by somebody who is trusted',
      '3 manifests have no signature',
    ],
  ])('%s', async (_, tag, first, said) => {
    const ended = await verify(['--recursive', scene.app(tag)])
    expect(ended).toMatchObject({ first, status: 1, code: 'UNTRUSTED_NO_SIGNATURE' })
    expect(ended.stderr).toContain(`${scene.app(tag)}: ${said}`)
  })

  test('says why nobody could find out, once', async () => {
    const ended = await verify(['--recursive', scene.app('index')], 'config', down)
    expect(ended).toMatchObject({ status: 3, code: 'UNAVAILABLE_VERIFICATION' })
    expect(ended.stderr.match(/could not find out/g)).toHaveLength(1)
    expect(ended.stderr).toContain('403')
  })
})
