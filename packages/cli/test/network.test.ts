// SPDX-License-Identifier: Apache-2.0
// The way to a registry: TLS, private authorities, proxies.
import { writeFile } from 'node:fs/promises'
import { type Answer, createFakeAuthority } from '@ocisign/conformance/fake'
import { encodePem } from '@ocisign/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeProxy, hiddenName, startProxy, startSecure } from './support/network.js'
import { codeOf, linesOf, run } from './support/program.js'
import { createRegistryScene, type RegistryScene } from './support/registry.js'

const authority = await createFakeAuthority()
let plain: RegistryScene
let secure: RegistryScene
let authorityFile = ''

beforeAll(async () => {
  plain = await createRegistryScene()
  secure = await createRegistryScene({ tls: authority })
  authorityFile = plain.path('authority.pem')
  await writeFile(authorityFile, encodePem('CERTIFICATE', authority.certificate))
})
afterAll(() => Promise.all([plain.dispose(), secure.dispose()]))

const list = (reference: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  run(['list', ...args, reference], { env })

describe('TLS', () => {
  test('an authority that --ca-file names is trusted, and is needed', async () => {
    expect(await list(secure.app('v1'), ['--ca-file', authorityFile])).toMatchObject({ status: 0, stderr: '' })
    const other = plain.path('good.root.pem')
    const refused = await list(secure.app('v1'), ['--ca-file', other])
    expect(refused.status).toBe(3)
    expect(codeOf(refused.stderr)).toBe('UNAVAILABLE_TLS')
    expect(refused.stderr).toContain('--ca-file')
    expect(linesOf(refused.stderr)).toHaveLength(1)
  })

  test('plain http spoken with TLS says how to ask for it', async () => {
    const refused = await list(plain.app('v1'), ['--ca-file', authorityFile])
    expect(codeOf(refused.stderr)).toBe('UNAVAILABLE_TLS')
    expect(refused.stderr).toContain('--insecure-registry')
    for (const flag of ['--insecure-registry', '--plain-http'])
      expect(await list(plain.app('v1'), ['--ca-file', authorityFile, flag])).toMatchObject({ status: 0, stderr: '' })
  })

  test('TLS spoken to by plain http says what may be wrong', async () => {
    const refused = await list(secure.app('v1'))
    expect(refused.status).toBe(3)
    expect(codeOf(refused.stderr)).toBe('UNAVAILABLE_HOST')
    expect(refused.stderr).toContain('--ca-file')
  })
})

describe('proxies', () => {
  const secret = 'hunter2'
  const hidden = `${hiddenName}/org/app:v1`
  let tls: Awaited<ReturnType<typeof startSecure>>
  let toPlain: FakeProxy
  let toSecure: FakeProxy
  beforeAll(async () => {
    const port = Number(plain.registry.host.split(':')[1])
    tls = await startSecure(authority, port)
    toPlain = await startProxy(port, secret)
    toSecure = await startProxy(tls.port, secret)
  })
  afterAll(() => Promise.all([tls.close(), toPlain.close(), toSecure.close()]))

  test('HTTPS_PROXY is a tunnel, and the authority counts inside it', async () => {
    for (const name of ['HTTPS_PROXY', 'https_proxy'])
      expect(await list(hidden, ['--ca-file', authorityFile], { [name]: toSecure.url })).toMatchObject({
        status: 0,
        stderr: '',
      })
    expect(toSecure.requests).toContain(`CONNECT ${hiddenName}:443`)
    const untrusted = await list(hidden, [], { HTTPS_PROXY: toSecure.url })
    expect(codeOf(untrusted.stderr)).toBe('UNAVAILABLE_TLS')
  })

  test('HTTP_PROXY is asked for plain requests, and for no others', async () => {
    const ended = await list(hidden, ['--plain-http'], { HTTP_PROXY: toPlain.url })
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(toPlain.requests[0]).toBe(`HEAD http://${hiddenName}/v2/org/app/manifests/v1`)
    const before = toPlain.requests.length
    expect(codeOf((await list(hidden, [], { HTTP_PROXY: toPlain.url })).stderr)).toBe('UNAVAILABLE_HOST')
    expect(toPlain.requests).toHaveLength(before)
  })

  test.each([hiddenName, '.example.test', 'other.test,registry.example.test', '*'])(
    'NO_PROXY=%s leaves it out',
    async (noProxy) => {
      const before = toPlain.requests.length
      const env = { HTTP_PROXY: toPlain.url, NO_PROXY: noProxy }
      expect(codeOf((await list(hidden, ['--plain-http'], env)).stderr)).toBe('UNAVAILABLE_HOST')
      expect(toPlain.requests).toHaveLength(before)
    },
  )

  test('this machine is behind no proxy, and networks can be named', async () => {
    const before = toPlain.requests.length
    expect(await list(plain.app('v1'), [], { HTTP_PROXY: toPlain.url })).toMatchObject({ status: 0 })
    expect(toPlain.requests).toHaveLength(before)
    // 192.0.2.0/24 is nobody's network.
    const args = ['--plain-http', '--timeout', '1s']
    const ended = await list('192.0.2.7:5000/app:v1', args, { HTTP_PROXY: toPlain.url, NO_PROXY: '192.0.2.0/24' })
    expect(ended.status).toBe(3)
    expect(toPlain.requests).toHaveLength(before)
    await list('192.0.2.7:5000/app:v1', args, { HTTP_PROXY: toPlain.url, NO_PROXY: '198.51.100.0/24' })
    expect(toPlain.requests.length).toBeGreaterThan(before)
  })

  test.each([
    ['a wrong password', () => toPlain.url.replace(secret, `wrong-${secret}`)],
    ['a proxy that is not there', () => `http://me:${secret}@127.0.0.1:1`],
    ['something that is no address', () => `http://me:${secret}@ x`],
    ['another kind', () => `ftp://me:${secret}@127.0.0.1`],
  ])('%s is said without the password', async (_, url) => {
    const ended = await list(hidden, ['--plain-http', '--debug'], { HTTP_PROXY: url() })
    expect([2, 3]).toContain(ended.status)
    expect(ended.stdout + ended.stderr).not.toContain(secret)
    expect(ended.stderr).not.toContain(Buffer.from(`me:${secret}`).toString('base64'))
    const https = await list(hidden, [], { HTTPS_PROXY: url() })
    expect([2, 3]).toContain(https.status)
    expect(https.stderr).not.toContain(secret)
    expect(linesOf(https.stderr)).toHaveLength(1)
  })
})

test('headers as long as addresses of storage with their tokens are read', async () => {
  const change = (answer: Answer) => ({ ...answer, headers: { ...answer.headers, 'x-padding': 'x'.repeat(40_000) } })
  const end = plain.registry.misbehave({ how: { kind: 'change', change } })
  expect(await list(plain.app('v1'))).toMatchObject({ status: 0, stderr: '' })
  end()
})
