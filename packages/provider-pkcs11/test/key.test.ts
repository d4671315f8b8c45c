// SPDX-License-Identifier: Apache-2.0
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { isOcisignError, notaryAlgorithms } from '@ocisign/core'
import { createPkcs11Key, openToken, type TokenOptions } from '@ocisign/provider-pkcs11'
import { openKey, scheme } from '@ocisign/provider-pkcs11/uri'
import { describe, expect, test, vi } from 'vitest'
import { parsePkcs11Uri } from '../src/uri/parse.js'
import { createFakeModule, type FakeModule, type FakeModuleOptions } from './fake-module.js'

const message = new Uint8Array([1, 2, 3])
const retry = { wait: async () => undefined }
const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )
const codeOf = async (call: Promise<unknown>) => {
  const error = await errorOf(call)
  return isOcisignError(error) && error.code
}

async function start(options: FakeModuleOptions = {}, tokenOptions: Partial<TokenOptions> = {}) {
  const fake = createFakeModule(options)
  const open = () => openToken({ module: fake.module, label: 'signer', pin: '1234', ...tokenOptions })
  return { fake, token: await open(), open }
}

describe('tokens', () => {
  const { module } = createFakeModule()

  test('are found by whatever is unique to them', async () => {
    expect((await openToken({ module, label: 'other' })).id).toBe('pkcs11:token=other')
    expect(await codeOf(openToken({ module, serialNumber: '0001' }))).toBe('UNAVAILABLE_KEY')
    expect(await codeOf(openToken({ module, label: 'signer', model: 'Another' }))).toBe('UNAVAILABLE_KEY')
    await expect(openToken({ module, label: 'missing' })).rejects.toThrow(/tokens: "signer", "other"/)
  })

  test('refuse a wrong PIN, and show their keys to nobody who is not logged in', async () => {
    const { token, fake } = await start({}, { pin: '9999' })
    fake.addKey('key', 'P-256')
    expect(await codeOf(createPkcs11Key({ token, label: 'key' }))).toBe('DENIED_KEY')
    const anonymous = await openToken({ module: fake.module, label: 'signer' })
    expect(await codeOf(createPkcs11Key({ token: anonymous, label: 'key' }))).toBe('UNAVAILABLE_KEY')
  })

  test('are shared by two that log in', async () => {
    const { token, open, fake } = await start()
    fake.addKey('key', 'P-256')
    const other = await open()
    for (const each of [token, other]) await (await createPkcs11Key({ token: each, label: 'key' })).sign(message)
  })

  test('sign at the same time in as many sessions as they have, and leave none open', async () => {
    const { token, fake } = await start({ sessions: 2 }, { sessions: 8 })
    fake.addKey('key', 'P-384')
    const key = await createPkcs11Key({ token, label: 'key' })
    await Promise.all(Array.from({ length: 20 }, () => key.sign(message)))
    expect(fake.mostAtOnce()).toBe(2)
    token.close()
    expect(fake.sessions()).toBe(0)
    expect(await codeOf(key.sign(message))).toBe('UNAVAILABLE_KEY')
  })

  test.each([
    ['says that nobody is logged in', (fake: FakeModule) => fake.fail(0x101, 1)],
    ['does not show its keys any more', (fake: FakeModule) => fake.logOut()],
  ])('are logged in to again, within the same call, where one %s', async (_, spoil) => {
    const { token, fake } = await start()
    fake.addKey('key', 'P-256')
    const key = await createPkcs11Key({ token, label: 'key', retry: { tries: 1 } })
    const login = vi.spyOn(fake.module, 'C_Login')
    spoil(fake)
    expect((await key.sign(message)).signature.length).toBe(64)
    expect(login).toHaveBeenCalledOnce()
  })

  test('are logged in to again once, and no more often', async () => {
    const { token, fake } = await start()
    fake.addKey('key', 'P-256')
    const key = await createPkcs11Key({ token, label: 'key', retry })
    const login = vi.spyOn(fake.module, 'C_Login')
    fake.fail(0x101)
    expect(await codeOf(key.sign(message))).toBe('DENIED_KEY')
    expect(login).toHaveBeenCalledOnce()
  })

  test('are used again after a session was lost', async () => {
    const { token, fake } = await start()
    fake.addKey('key', 'P-256')
    const key = await createPkcs11Key({ token, label: 'key', retry })
    fake.fail(0xb3)
    const error = await errorOf(key.sign(message))
    expect(isOcisignError(error, 'UNAVAILABLE_KEY') && error.details.tries).toBe(4)
    fake.recover()
    expect((await key.sign(message)).signature.length).toBe(64)
  })
})

test('a key is looked for again where the session was lost', async () => {
  const { token, fake } = await start()
  fake.addKey('key', 'P-256')
  const lost = Object.assign(new Error('CKR_SESSION_HANDLE_INVALID'), { code: 0xb3 })
  const find = vi.spyOn(fake.module, 'C_FindObjectsInit').mockImplementationOnce(() => {
    throw lost
  })
  expect((await createPkcs11Key({ token, label: 'key', retry })).algorithm.keyBits).toBe(256)
  find.mockImplementation(() => {
    throw lost
  })
  expect(await errorOf(createPkcs11Key({ token, label: 'key', retry }))).toMatchObject({ details: { tries: 4 } })
})

describe('whoever waits for a session', () => {
  const startOne = async () => {
    const { token, fake } = await start({ sessions: 1 })
    let end = (_error?: unknown) => {}
    const lent = token.use(
      () => new Promise<void>((resolve, reject) => (end = (error) => (error ? reject(error) : resolve()))),
    )
    const others = Array.from({ length: 3 }, () => codeOf(token.use(() => undefined)))
    await new Promise((resolve) => setImmediate(resolve))
    return { token, fake, lent, others, end }
  }

  test('hears that the token was closed', async () => {
    const { token, lent, others, end } = await startOne()
    token.close()
    expect(await Promise.all(others)).toEqual(others.map(() => 'UNAVAILABLE_KEY'))
    end()
    await lent
  })

  test('hears that no session can be had any more', async () => {
    const { fake, lent, others, end } = await startOne()
    const removed = Object.assign(new Error('CKR_DEVICE_REMOVED'), { code: 50 })
    fake.module.C_OpenSession = () => {
      throw removed
    }
    end(removed)
    expect(await errorOf(lent)).toBe(removed)
    expect(await Promise.all(others)).toEqual(others.map(() => 'UNAVAILABLE_KEY'))
  })
})

test('a PIN that was refused is not tried again: tokens lock', async () => {
  const { token, fake } = await start({}, { pin: '9999' })
  fake.addKey('key', 'P-256')
  const login = vi.spyOn(fake.module, 'C_Login')
  for (let times = 0; times < 3; times++)
    expect(await codeOf(createPkcs11Key({ token, label: 'key' }))).toBe('DENIED_KEY')
  expect(login).toHaveBeenCalledTimes(1)
})

describe('keys', () => {
  test('are named by label, by id, or by both', async () => {
    const { token, fake } = await start()
    fake.addKey('same', 'P-256', Uint8Array.of(1))
    fake.addKey('same', 'P-384', Uint8Array.of(2))
    expect((await createPkcs11Key({ token, id: Uint8Array.of(2) })).algorithm.keyBits).toBe(384)
    expect((await createPkcs11Key({ token, label: 'same', id: Uint8Array.of(1) })).id).toBe(
      'pkcs11:token=signer;object=same;id=01',
    )
    await expect(createPkcs11Key({ token, label: 'same' })).rejects.toThrow(/name of 2 keys/)
    expect(await codeOf(createPkcs11Key({ token }))).toBe('MISUSE_OPTION')
  })

  test('have points wrapped or bare', async () => {
    const { token, fake } = await start({ wrapsPoints: false })
    fake.addKey('key', 'P-521')
    expect((await createPkcs11Key({ token, label: 'key' })).algorithm.keyBits).toBe(521)
  })

  test.each(['Ed25519', '1024'])('that sign nothing here are refused: %s', async (type) => {
    const { token, fake } = await start()
    fake.addKey('key', type)
    expect(await codeOf(createPkcs11Key({ token, label: 'key' }))).toBe('UNSUPPORTED_KEY')
  })

  test('bring the certificates that are on the token, leaf first, renewed ones before old ones', async () => {
    const { token, fake } = await start()
    const root = await createFakeAuthority()
    const authority = await root.issueAuthority()
    const leaf = await authority.issue({ algorithm: notaryAlgorithms[3]! })
    fake.addPem('key', leaf.keyPem)
    for (const der of [root.certificate, new Uint8Array([1, 2]), ...leaf.chain.toReversed()]) fake.addCertificate(der)
    const key = await createPkcs11Key({ token, label: 'key', certificates: 'token' })
    expect((await key.sign(message)).material.chain).toEqual(leaf.chain)
  })

  test('without a certificate on the token say so', async () => {
    const { token, fake } = await start()
    fake.addKey('key', 'P-256')
    expect(await codeOf(createPkcs11Key({ token, label: 'key', certificates: 'token' }))).toBe('UNAVAILABLE_KEY')
  })
})

describe('URIs', () => {
  test('say which key, which token and which module', () => {
    expect(
      parsePkcs11Uri('pkcs11:token=My%20HSM;object=key;id=%01%ff?module-path=/lib/p11.so&pin-source=file:/pin'),
    ).toMatchObject({
      token: 'My HSM',
      label: 'key',
      id: Uint8Array.of(1, 255),
      modulePath: '/lib/p11.so',
      pinSource: 'file:/pin',
    })
    expect(scheme).toBe('pkcs11')
  })

  test.each([
    'pkcs11',
    'pkcs11:',
    'pkcs11:token=t',
    'pkcs11:object',
    'pkcs11:object=a;object=b',
    'pkcs11:object=a;type=cert',
    'pkcs11:object=a;unknown=b',
    'pkcs11:object=%zz',
    'pkcs11:object=%ff',
    'pkcs11:object=a?x=1',
    'pkcs11:object=a?module-path=/m?x',
    'pkcs11:object=a?pin-value=1&pin-source=file:/p',
    `pkcs11:object=${'a'.repeat(5000)}`,
  ])('are refused: %s', (uri) => {
    expect(() => parsePkcs11Uri(uri)).toThrowError(expect.objectContaining({ code: 'INVALID_KEY' }))
  })

  test('do not show their PIN when they are refused', async () => {
    const error = await errorOf(openKey('pkcs11:object=a;token=%zz?pin-value=987654'))
    expect(String(error)).not.toContain('987654')
  })

  test('need a module', async () => {
    expect(await codeOf(openKey('pkcs11:object=a', { environment: {} }))).toBe('INVALID_KEY')
  })
})
