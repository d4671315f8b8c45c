// SPDX-License-Identifier: Apache-2.0
import { importPeer, isOcisignError } from '@ocisign/core'
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

test('passes on what is another trouble', async () => {
  const inside = Object.assign(new Error("Cannot find package 'inner'"), { code: 'ERR_MODULE_NOT_FOUND' })
  expect(await errorOf(importPeer('@vendor/sdk', () => Promise.reject(inside)))).toBe(inside)
  const broken = new SyntaxError('unexpected token')
  expect(await errorOf(importPeer('@vendor/sdk', () => Promise.reject(broken)))).toBe(broken)
})

test('resolves to what was loaded', async () => {
  expect(await importPeer('x', async () => 7)).toBe(7)
})
