// SPDX-License-Identifier: Apache-2.0
import { askKeyService, OcisignError } from '@ocisign/core'
import { expect, test } from 'vitest'
import { code } from '../families.js'

const id = 'acme:key'
const options = {
  id,
  toError: (cause: unknown) => new OcisignError('UNAVAILABLE_KEY', 'busy', { id, retryable: true }, { cause }),
  wait: async () => undefined,
}

/** Fails so many times, then answers. */
const failing = (times: number, error: unknown) => {
  let left = times
  return async () => {
    if (left-- > 0) throw error
    return 7
  }
}

test('asks again where it is worth it, and says how often it did', async () => {
  const busy = new Error('throttled')
  expect(await askKeyService(failing(3, busy), options)).toBe(7)
  const details = expect.objectContaining({ tries: 4, retryable: true })
  await expect(askKeyService(failing(4, busy), options)).rejects.toMatchObject({ cause: busy, details })
})

test('an error of ours is what it is, except that an answer that is invalid is no fault of the caller', async () => {
  const denied = new OcisignError('DENIED_KEY', 'no', { id })
  await expect(askKeyService(failing(1, denied), options)).rejects.toBe(denied)
  const unreadable = new OcisignError('INVALID_PEM', 'no PEM', { what: 'the public key' })
  await expect(askKeyService(failing(1, unreadable), options)).rejects.toMatchObject(code('UNAVAILABLE_KEY'))
})

test('does not wait for what never answers once the caller gives up', async () => {
  const controller = new AbortController()
  const call = askKeyService(() => new Promise(() => undefined), { ...options, signal: controller.signal })
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(call).rejects.toBe(reason)
})
