// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url'
import { checkProvider } from '@ocisign/conformance/provider'
import { expect, test } from 'vitest'
import { openKey, scheme } from '../dist/uri/index.js'

const directory = fileURLToPath(new URL('..', import.meta.url))

test('the package has the shape of every provider', async () => {
  expect(await checkProvider({ directory, load: (url) => import(/* @vite-ignore */ url) })).toEqual([])
})

test('a URI says what is missing', async () => {
  expect(scheme).toBe('acme')
  const open = (uri: string, environment = {}) => openKey(uri, { environment })
  await expect(open('acme://')).rejects.toMatchObject({ code: 'INVALID_KEY' })
  await expect(open('acme://keys.example.com/release')).rejects.toMatchObject({ code: 'DENIED_KEY' })
})
