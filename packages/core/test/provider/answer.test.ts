// SPDX-License-Identifier: Apache-2.0
import { readJsonAnswer } from '@ocisign/core'
import { expect, test } from 'vitest'

const mebibyte = 1024 * 1024

/** A body in chunks of that length, which says how much of it was read. */
function bodyOf(text: string, chunk: number, repeats = Number.POSITIVE_INFINITY) {
  const bytes = new TextEncoder().encode(text)
  const state = { read: 0, canceled: false }
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        if (state.read >= bytes.length * repeats) return controller.close()
        const at = state.read % bytes.length
        const part = bytes.slice(at, at + chunk)
        state.read += part.length
        controller.enqueue(part)
      },
      cancel() {
        state.canceled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { body, state }
}

test.each([1, 3, 1000])('reads an object that comes in chunks of %i bytes', async (chunk) => {
  expect(await readJsonAnswer(bodyOf('{"signature":"ä"}', chunk, 1))).toEqual({ signature: 'ä' })
})

test.each(['', '[]', '"text"', 'null', '{"a":1', '{"a":1}{', '{"a":1,"a":2}', '<html></html>', '{"a":"\\ud800"}'])(
  'has nothing to say of %s',
  async (text) => expect(await readJsonAnswer(new Response(text))).toBeUndefined(),
)

test('has nothing to say where there is no body', async () => {
  expect(await readJsonAnswer(new Response(null))).toBeUndefined()
  expect(await readJsonAnswer(new Response(Uint8Array.of(0x7b, 0xff, 0x7d)))).toBeUndefined()
})

test('reads no more than it may of an answer without end, and lets go of it', async () => {
  const { body, state } = bodyOf(' '.repeat(64 * 1024), 64 * 1024)
  expect(await readJsonAnswer({ body })).toBeUndefined()
  expect(state).toEqual({ read: mebibyte + 64 * 1024, canceled: true })
  const fitting = `{}${' '.repeat(mebibyte - 2)}`
  expect(await readJsonAnswer(new Response(fitting))).toEqual({})
  expect(await readJsonAnswer(new Response(`${fitting} `))).toBeUndefined()
})

test('passes on what the connection says', async () => {
  const reset = new Error('reset')
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: (controller) => controller.error(reset) })
  await expect(readJsonAnswer({ body })).rejects.toBe(reset)
})
