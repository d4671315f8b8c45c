// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net'
import { describeConnectionFailure } from '@ocisign/core'
import { expect, test } from 'vitest'

const failureOf = (url: string) =>
  fetch(url).then(
    () => undefined,
    (error: unknown) => describeConnectionFailure(error),
  )

test('names what really went wrong, also below the error', async () => {
  expect(await failureOf('http://127.0.0.1:1/')).toEqual({ why: 'cannot be reached', retryable: true })
  expect(await failureOf('http://nowhere.invalid/')).toMatchObject({
    why: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
  })
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  expect(await failureOf(`http://127.0.0.1:${port}/`)).toMatchObject({
    why: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/),
  })
  server.close()
})

test.each([
  'CERT_HAS_EXPIRED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])('does not try again where the server is not trusted: %s', (code) => {
  const { why, retryable } = describeConnectionFailure(new TypeError('fetch failed', { cause: { code } }))
  expect([why.includes(`${code}); NODE_EXTRA_CA_CERTS`), retryable]).toEqual([true, false])
})

test('shows no other words, and follows no circle of causes', () => {
  const circle: { code: string; cause?: unknown } = { code: 'a secret\n' }
  circle.cause = circle
  expect(describeConnectionFailure(circle)).toEqual({ why: 'cannot be reached', retryable: true })
  expect(describeConnectionFailure(undefined).retryable).toBe(true)
})
