// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { redact } from '../src/redact.js'

const jwt = `eyJhbGciOiJSUzI1NiJ9.${'a'.repeat(40)}.sig`
const basic = `Basic ${Buffer.from('me:hunter2!').toString('base64')}`

test.each([
  ['unauthorized: Bearer abc.def', undefined, 'abc.def'],
  ['Authorization: Basic bWU6c2VjcmV0', undefined, 'bWU6c2VjcmV0'],
  [`the token ${jwt} has expired`, undefined, 'eyJ'],
  ['wrong password=hunter2', undefined, 'hunter2'],
  ['{"password": "hunter2"}', undefined, 'hunter2'],
  ['see https://me:hunter2@example.com/x', undefined, 'hunter2'],
  ['see https://storage/x?X-Amz-Signature=0123abc', undefined, '0123abc'],
  ['the user me with hunter2! may not', basic, 'hunter2!'],
  [`you sent ${basic.slice(6)}`, basic, basic.slice(6)],
  [`opaque ${'Zz9_'.repeat(15)} token`, undefined, 'Zz9_Zz9_'],
  ['you sent opaque-thing', 'Bearer opaque-thing', 'opaque-thing'],
  ['Set-Cookie: session=0a1b2c', undefined, '0a1b2c'],
])('%s', (text, authorization, secret) => {
  expect(redact(text, authorization)).not.toContain(secret)
})

test.each([
  'manifest unknown',
  `blob unknown to registry: sha256:${'0a'.repeat(32)}`,
  'requested access to the resource is denied',
  'repository name not known to registry: org/some/app',
])('%s stays', (text) => {
  expect(redact(text, 'Bearer some-token')).toBe(text)
})

test('is short and printable, however long and strange what comes is', () => {
  expect(redact(`\u001b[31mred\r\n\u202e${'x '.repeat(1000)}`)).not.toMatch(/[\p{Cc}\u202e]/u)
  expect(redact('a b '.repeat(100_000)).length).toBeLessThan(250)
  const started = performance.now()
  for (const text of ['password '.repeat(1000), 'a'.repeat(5000), 'https://'.repeat(1000), '://@'.repeat(2000)])
    redact(text)
  expect(performance.now() - started).toBeLessThan(500)
})
