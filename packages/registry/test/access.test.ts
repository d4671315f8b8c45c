// SPDX-License-Identifier: Apache-2.0
import { createFakeRegistry, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import { type Credential, createRegistry } from '@ocisign/registry'
import { expect, onTestFinished, test } from 'vitest'

async function check(auth: FakeRegistryOptions['auth'], credential?: Credential): Promise<readonly string[]> {
  const server = await createFakeRegistry({ auth })
  onTestFinished(() => server.close())
  const asked: string[] = []
  const credentials = async ({
    host,
    repository,
  }: {
    readonly host: string
    readonly repository?: string | undefined
  }) => {
    asked.push(`${host === server.host} ${repository}`)
    return credential
  }
  await createRegistry({ credentials }).checkAccess(server.host)
  return asked
}

const users = { me: 'secret' }

test.each(['basic', 'bearer'] as const)('right and wrong credentials, %s', async (kind) => {
  expect(await check({ kind, users }, { username: 'me', password: 'secret' })).toEqual(['true undefined'])
  const wrong = check({ kind, users }, { username: 'me', password: 'wrong' })
  await expect(wrong).rejects.toMatchObject({ code: 'DENIED_CREDENTIALS' })
})

test('no credentials are none; a token service gives tokens to anybody, which open nothing', async () => {
  await expect(check({ kind: 'basic', users })).rejects.toMatchObject({ code: 'DENIED_CREDENTIALS' })
  expect(await check({ kind: 'bearer', users })).toEqual(['true undefined'])
})

test('a registry that is open to all asks nobody', async () => {
  expect(await check({ kind: 'none' }, { username: 'me', password: 'wrong' })).toEqual([])
})

test('a host that is none, or more than one', async () => {
  const { checkAccess } = createRegistry()
  for (const host of ['', 'org', 'ghcr.io/org', 'ghcr.io@evil', 'https://ghcr.io', 'a:99999', '2130706433:80'])
    await expect(checkAccess(host)).rejects.toMatchObject({ code: 'INVALID_REFERENCE' })
  await expect(checkAccess('127.0.0.1:1')).rejects.toMatchObject({ code: 'UNAVAILABLE_HOST' })
})
