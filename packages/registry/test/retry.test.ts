// SPDX-License-Identifier: Apache-2.0
import { registryLimits } from '@ocisign/registry'
import { describe, expect, test } from 'vitest'
import { failureOf, hostError } from '../src/failure.js'
import { parseRetryAfter, randomFraction, sleep, waitAfterAnswer, waitAfterFailure } from '../src/retry.js'

const now = new Date('2026-01-01T00:00:00Z')
const rules = (random: number) => ({ limits: registryLimits, clock: () => now, random: () => random })
const answer = (status: number, retryAfter?: string) => ({
  status,
  headers: new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
})

test.each([
  ['0', 0],
  ['120', 120],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
  ['Thursday, 01-Jan-26 00:00:30 GMT', 30],
  ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
  [null, undefined],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['2027', 2027],
  ['9'.repeat(30), undefined],
  ['2026-01-01T00:00:30Z', undefined],
  ['Thu, 99 Foo 2026 00:00:30 GMT', undefined],
  [`Thu, ${' '.repeat(100)}GMT`, undefined],
])('Retry-After: %s', (value, seconds) => {
  expect(parseRetryAfter(value, now)).toBe(seconds)
})

test('waits grow, and are drawn from all that is shorter', () => {
  expect([1, 2, 3].map((tried) => waitAfterAnswer(rules(0.5), tried, true, answer(503)))).toEqual([125, 250, 500])
  expect(waitAfterAnswer(rules(0), 1, true, answer(503))).toBe(0)
  const many = { ...rules(1), limits: { ...registryLimits, tries: 100 } }
  expect(waitAfterAnswer(many, 50, true, answer(503))).toBe(8000)
  for (let count = 0; count < 1000; count++) {
    const fraction = randomFraction()
    expect(fraction >= 0 && fraction < 1).toBe(true)
  }
})

test('what a server asks for is waited for, and a little more', () => {
  expect(waitAfterAnswer(rules(0.5), 1, true, answer(429, '2'))).toBe(2125)
  expect(waitAfterAnswer(rules(0), 1, false, answer(503, '30'))).toBe(30_000)
  expect(waitAfterAnswer(rules(0), 1, true, answer(503, '31'))).toBeUndefined()
  expect(waitAfterAnswer(rules(0), 4, true, answer(503, '1'))).toBeUndefined()
  expect(waitAfterAnswer(rules(0), 1, true, answer(404, '1'))).toBeUndefined()
})

test('a wait ends when the caller gives up, and begins for nobody who has', async () => {
  const reason = new Error('gave up')
  const controller = new AbortController()
  const waiting = sleep(10_000, controller.signal)
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(sleep(0, controller.signal)).rejects.toBe(reason)
  await sleep(1)
})

/** As runtimes throw it. */
const thrown = (message: string, cause?: object) => Object.assign(new TypeError(message), cause && { cause })
const coded = (code: string, message = '') => Object.assign(new Error(message), { code })

describe('what runtimes say', () => {
  test.each([
    ['Node', thrown('fetch failed', coded('SELF_SIGNED_CERT_IN_CHAIN'))],
    ['Node', thrown('fetch failed', coded('DEPTH_ZERO_SELF_SIGNED_CERT'))],
    ['Node', thrown('fetch failed', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'))],
    ['Node', thrown('fetch failed', coded('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'))],
    ['Node', thrown('fetch failed', coded('CERT_HAS_EXPIRED'))],
    ['Node', thrown('fetch failed', coded('ERR_TLS_CERT_ALTNAME_INVALID'))],
    ['Node, wrong version', thrown('fetch failed', coded('ERR_SSL_WRONG_VERSION_NUMBER'))],
    ['Node, protocol', thrown('fetch failed', coded('EPROTO'))],
    [
      'Node, several addresses',
      thrown('fetch failed', new AggregateError([coded('ECONNREFUSED'), coded('CERT_HAS_EXPIRED')])),
    ],
    [
      'Deno',
      thrown(
        'error sending request for url (https://x/): client error (Connect): invalid peer certificate: UnknownIssuer',
      ),
    ],
    [
      'Deno, no TLS',
      thrown(
        'error sending request for url (https://x/): client error (Connect): received corrupt message of type InvalidContentType',
      ),
    ],
    ['Bun', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate')],
    ['Bun', coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self signed certificate')],
  ])('%s: not trusted', (_, error) => {
    expect(failureOf(error, 'ghcr.io', 'read it')).toMatchObject({
      code: 'UNAVAILABLE_TLS',
      details: { host: 'ghcr.io', retryable: false },
    })
  })

  test.each([
    ['no such host', thrown('fetch failed', coded('ENOTFOUND')), { idempotent: false, other: false }],
    ['names cannot be asked', thrown('fetch failed', coded('EAI_AGAIN')), { idempotent: true, other: true }],
    ['refused', thrown('fetch failed', new AggregateError([coded('ECONNREFUSED')])), { idempotent: true, other: true }],
    ['Bun, refused', coded('ConnectionRefused'), { idempotent: true, other: true }],
    ['reset', thrown('fetch failed', coded('ECONNRESET')), { idempotent: true, other: false }],
    [
      'broke off',
      thrown('terminated', coded('UND_ERR_SOCKET', 'other side closed')),
      { idempotent: true, other: false },
    ],
    ['a browser', thrown('Failed to fetch'), { idempotent: true, other: false }],
    ['nothing', undefined, { idempotent: true, other: false }],
    ['text', 'no', { idempotent: true, other: false }],
  ])('%s: not reached', (_, error, again) => {
    const failure = failureOf(error, 'ghcr.io', 'read it')
    expect(failure).toMatchObject({ code: 'UNAVAILABLE_HOST', details: { host: 'ghcr.io', retryable: true } })
    const waits = [true, false].map((idempotent) => waitAfterFailure(rules(0), 1, idempotent, failure) !== undefined)
    expect(waits).toEqual([again.idempotent, again.other])
  })

  test('is not repeated, and is looked at no deeper than it needs', () => {
    const error = thrown('secret-text \u001b[31m', coded('EVIL\u001b[31m', 'secret-text'))
    expect(failureOf(error, 'ghcr.io', 'read it').message).not.toMatch(/secret|EVIL|\p{Cc}/u)
    const round: { cause?: unknown } = new Error('round')
    round.cause = round
    expect(failureOf(round, 'ghcr.io', 'read it').code).toBe('UNAVAILABLE_HOST')
    let deep: object = coded('CERT_HAS_EXPIRED')
    for (let count = 0; count < 10_000; count++) deep = thrown('x', deep)
    expect(failureOf(deep, 'ghcr.io', 'read it').code).toBe('UNAVAILABLE_HOST')
  })

  test('other errors are nothing to try again', () => {
    for (const error of [new Error('x'), failureOf(coded('CERT_HAS_EXPIRED'), 'a', 'b')])
      expect(waitAfterFailure(rules(0), 1, true, error)).toBeUndefined()
    expect(waitAfterFailure(rules(0), 4, true, hostError('a', 'b'))).toBeUndefined()
  })
})
