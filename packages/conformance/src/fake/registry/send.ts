// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Answer } from './answer.js'
import type { Delivery } from './apply.js'

/** What is told of sending. */
export interface Sending {
  /** Called as the last of the answer leaves, or nothing more will. */
  readonly finished: (status: number | undefined) => void
  readonly sent: (bytes: number) => void
  readonly signal: AbortSignal
}

const chunkLength = 16 * 1024

/** Writes an answer, or what is left of it. Nothing is thrown: a client may go away at any time. */
export async function sendAnswer(
  response: ServerResponse,
  method: string,
  { status, headers, body }: Answer,
  delivery: Delivery,
  statesMore: boolean,
  { finished, sent, signal }: Sending,
): Promise<void> {
  const { slow, more, chunked, end } = delivery
  if (stops(response, delivery, 'answer')) return finished(undefined)
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304
  const length = chunked || status === 204 ? {} : { 'content-length': `${body.length + (statesMore ? more : 0)}` }
  response.writeHead(status, { ...length, ...headers })
  const whole = hasBody && delivery.hang === undefined && delivery.reset === undefined && end === undefined
  if (whole && !slow && more === 0) {
    finished(status)
    sent(body.length)
    response.end(body)
    return
  }
  response.flushHeaders()
  if (stops(response, delivery, 'headers')) return finished(status)
  if (!hasBody) {
    finished(status)
    response.end()
    return
  }
  const cut = delivery.hang === 'body' || delivery.reset === 'body'
  const total = end ?? (cut ? Math.floor(body.length / 2) : body.length + more)
  const step = slow?.bytes ?? chunkLength
  for (let at = 0; at < total; at += step) {
    if (slow && at > 0) await wait(slow.milliseconds, undefined, { signal })
    if (response.destroyed) return finished(status)
    const last = Math.min(at + step, total)
    const chunk = new Uint8Array(last - at)
    chunk.set(body.subarray(Math.min(at, body.length), Math.min(last, body.length)))
    sent(chunk.length)
    if (!response.write(chunk)) await drained(response)
  }
  if (stops(response, delivery, 'body')) return finished(status)
  finished(status)
  if (end === undefined) response.end()
  // A connection that ends in order, too early.
  else response.write('', () => response.socket?.end())
}

/** Does what goes wrong at this stage. */
function stops(response: ServerResponse, { hang, reset }: Delivery, at: Delivery['hang']): boolean {
  if (reset === at) {
    // What was written has to leave first, or the client would never see it.
    if (at === 'answer') response.socket?.resetAndDestroy()
    else setTimeout(() => response.socket?.resetAndDestroy(), 5)
    return true
  }
  return hang === at
}

const drained = (response: ServerResponse) =>
  new Promise<void>((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    if (response.destroyed) resolve()
    else response.once('drain', go).once('close', go)
  })
