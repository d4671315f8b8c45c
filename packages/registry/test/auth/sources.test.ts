// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { combineCredentials, staticCredentials } from '../../src/auth/sources.js'

test('credentials by host are for exactly that host', async () => {
  const credential = { username: 'a', password: 'b' }
  const source = staticCredentials({ 'ghcr.io': credential, 'localhost:5000': { registryToken: 'x' } })
  expect(await source({ host: 'ghcr.io' })).toEqual(credential)
  expect(await source({ host: 'localhost:5000', repository: 'localhost:5000/a' })).toEqual({ registryToken: 'x' })
  for (const host of [
    'cr.io',
    'xghcr.io',
    'ghcr.io.evil.io',
    'ghcr.io:443',
    'localhost',
    '__proto__',
    'constructor',
    '',
  ])
    expect(await source({ host })).toBeUndefined()
})

test('the first source that has a credential gives it, and one that fails ends the search', async () => {
  const asked: string[] = []
  const source = (name: string, answer?: { readonly registryToken: string }) => async () => {
    asked.push(name)
    return answer
  }
  const failing = async () => {
    throw new Error('no')
  }
  const none = source('none')
  const some = source('some', { registryToken: 'x' })
  expect(await combineCredentials(none, some, failing)({ host: 'a' })).toEqual({ registryToken: 'x' })
  expect(asked).toEqual(['none', 'some'])
  expect(await combineCredentials(none)({ host: 'a' })).toBeUndefined()
  expect(await combineCredentials()({ host: 'a' })).toBeUndefined()
  await expect(combineCredentials(none, failing, some)({ host: 'a' })).rejects.toThrow('no')
})
