// SPDX-License-Identifier: Apache-2.0
import { importPeer, isOcisignError, OcisignError } from '@ocisign/core'
import { expect, test } from 'vitest'

const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

test('names the package that is missing, and how to install it', async () => {
  const missing = Object.assign(new Error("Cannot find package '@vendor/sdk' imported from here"), {
    code: 'ERR_MODULE_NOT_FOUND',
  })
  const error = await errorOf(importPeer('@vendor/sdk', () => Promise.reject(missing)))
  expect(isOcisignError(error, 'MISUSE_PACKAGE') && error.details.package).toBe('@vendor/sdk')
  expect((error as Error).message).toContain('npm install @vendor/sdk')
})

const failing = (message: string, code?: string) => Object.assign(new Error(message), code && { code })

test.each([
  failing("Cannot find package 'inner' imported from /x/@vendor/sdk/index.js", 'ERR_MODULE_NOT_FOUND'),
  failing("Cannot find module './build/sdk.node'\nRequire stack:\n- /x/@vendor/sdk/index.js", 'MODULE_NOT_FOUND'),
  failing('The module was compiled against a different Node.js version', 'ERR_DLOPEN_FAILED'),
  new SyntaxError('unexpected token'),
])('says of one that is there and cannot be loaded that it is, and why: %s', async (cause) => {
  const error = await errorOf(importPeer('@vendor/sdk', () => Promise.reject(cause)))
  expect(isOcisignError(error, 'MISUSE_PACKAGE') && error.cause).toBe(cause)
  expect((error as Error).message).toContain(cause.message.split('\n')[0])
  expect((error as Error).message).toContain('npm rebuild @vendor/sdk')
})

test('passes on what says itself what is the matter', async () => {
  const said = new OcisignError('MISUSE_PACKAGE', 'missing', { package: '@vendor/sdk' })
  expect(await errorOf(importPeer('@vendor/sdk', () => Promise.reject(said)))).toBe(said)
})

test('resolves to what was loaded', async () => {
  expect(await importPeer('x', async () => 7)).toBe(7)
})
