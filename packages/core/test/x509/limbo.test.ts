// SPDX-License-Identifier: Apache-2.0
// x509-limbo, chains for TLS that people found worth asking about, asked of chains that sign artifacts. Cases that are
// about something else are left out, with the reason, in testdata/limbo.json; so are those that are refused for more
// than limbo asks.
import { readFileSync } from 'node:fs'
import { loadLimbo } from '@ocisign/conformance/vectors'
import { describe, expect, test } from 'vitest'
import { judgeLimboCase } from './limbo.js'

/** Cases by reason. */
type Table = Readonly<Record<string, readonly string[]>>

const file = new URL('testdata/limbo.json', import.meta.url)
const { leftOut, stricter } = JSON.parse(readFileSync(file, 'utf8')) as { leftOut: Table; stricter: Table }
const [leftOutIds, stricterIds] = [Object.values(leftOut).flat(), Object.values(stricter).flat()]

const limbo = await loadLimbo()
const run = limbo.filter(({ id }) => !leftOutIds.includes(id))
const expected = (result: 'SUCCESS' | 'FAILURE') => run.filter(({ expected_result }) => expected_result === result)

test('at least 100 cases are run, and no case is listed that is none', () => {
  const accepted = expected('SUCCESS').length - stricterIds.length
  console.log(
    `x509-limbo: ${limbo.length} cases, ${run.length} run (${expected('FAILURE').length} refused as expected, ` +
      `${accepted} accepted as expected, ${stricterIds.length} refused for more), ${leftOutIds.length} left out`,
  )
  expect(run.length).toBeGreaterThanOrEqual(100)
  const ids = limbo.map(({ id }) => id)
  for (const id of [...leftOutIds, ...stricterIds]) expect(ids).toContain(id)
  expect(new Set([...leftOutIds, ...stricterIds]).size).toBe(leftOutIds.length + stricterIds.length)
})

describe('what must fail is refused', () => {
  test.each(expected('FAILURE'))('$id', async (limboCase) => {
    expect(await judgeLimboCase(limboCase)).not.toBe('accepted')
  })
})

describe('what must succeed is accepted, but for what is stricter', () => {
  test.each(expected('SUCCESS'))('$id', async (limboCase) => {
    const verdict = await judgeLimboCase(limboCase)
    if (stricterIds.includes(limboCase.id)) expect(verdict).not.toBe('accepted')
    else expect(verdict).toBe('accepted')
  })
})

describe('what is left out needs to be', () => {
  test.each(limbo.filter(({ id }) => leftOutIds.includes(id)))('$id', async (limboCase) => {
    expect(limboCase.expected_result).toBe('FAILURE')
    expect(await judgeLimboCase(limboCase)).toBe('accepted')
  })
})
