// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzParameters } from '../../../core/test/fuzz.js'
import { actionsToAsk, scopesOf } from '../../src/auth/scope.js'
import type { Action } from '../../src/auth/types.js'

const target = (path: string, actions: readonly Action[], mountFrom?: string) => ({
  origin: 'https://ghcr.io',
  host: 'ghcr.io',
  path,
  actions,
  mountFrom,
})

test('scopes are exact, sorted, and for the repositories that are meant', () => {
  expect(scopesOf(target('org/app', []), ['push', 'pull', 'push'])).toEqual(['repository:org/app:pull,push'])
  expect(scopesOf(target('org/app', [], 'org/base'), ['push', 'pull'])).toEqual([
    'repository:org/app:pull,push',
    'repository:org/base:pull',
  ])
  expect(scopesOf(target('org/app', [], 'org/app'), ['push'])).toEqual(['repository:org/app:push'])
  expect(scopesOf(target('', []), ['pull'])).toEqual([])
})

describe('what a challenge may add', () => {
  test.each<[string | undefined, readonly Action[], readonly string[]]>([
    [undefined, ['pull'], ['pull']],
    ['', ['push', 'pull'], ['pull', 'push']],
    ['repository:org/app:metadata_read', ['pull'], ['metadata_read', 'pull']],
    ['repository:org/app:pull,metadata_read', ['pull'], ['metadata_read', 'pull']],
    // Rights that the request has no use for.
    ['repository:org/app:pull,push,delete,*', ['pull'], ['pull']],
    ['repository:org/app:*', ['delete'], ['*', 'delete']],
    // R14: others than the repository at hand.
    ['repository:org/secret:pull,metadata_read', ['pull'], ['pull']],
    ['repository:org/app/sub:metadata_read', ['pull'], ['pull']],
    ['repository:org:metadata_read', ['pull'], ['pull']],
    ['repository:ORG/app:metadata_read', ['pull'], ['pull']],
    ['registry:catalog:*', ['pull'], ['pull']],
    ['repository(plugin):org/app:metadata_read', ['pull'], ['pull']],
    ['repository:org/app:metadata_read repository:b:c', ['pull'], ['metadata_read', 'pull']],
    ['repository:org/app:meta read', ['pull'], ['meta', 'pull']],
    ['repository:org/app:Metadata,_x,1', ['pull'], ['pull']],
  ])('%j', (scope, actions, expected) => {
    expect(actionsToAsk(target('org/app', actions), scope)).toEqual(expected)
  })

  test('is bounded', () => {
    const scope = `repository:org/app:${Array.from({ length: 1000 }, (_, index) => 'a'.repeat((index % 30) + 1)).join()}`
    expect(actionsToAsk(target('org/app', ['pull']), scope)).toHaveLength(8)
  })
})

test('R14: whatever a challenge says, no other repository and no right to write is asked for', () => {
  const word = fc.constantFrom(
    'repository',
    'registry',
    ':',
    'org/app',
    'org/other',
    'pull',
    'push',
    ',',
    '*',
    ' ',
    'x',
  )
  const property = fc.property(fc.array(word, { maxLength: 24 }), (words) => {
    const reading = target('org/app', ['pull'])
    const scopes = scopesOf(reading, actionsToAsk(reading, words.join('')))
    expect(scopes).toHaveLength(1)
    expect(scopes[0]).toMatch(/^repository:org\/app:[a-z_,]+$/)
    expect(scopes[0]).not.toMatch(/push|delete/)
  })
  fc.assert(property, fuzzParameters('actionsToAsk'))
})
