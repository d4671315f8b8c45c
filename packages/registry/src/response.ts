// SPDX-License-Identifier: Apache-2.0
import { concatBytes, isOcisignError, OcisignError } from '@ocisign/core'
import type { Connection } from './connection.js'
import { failureOf } from './failure.js'
import type { TransportResponse } from './transport.js'

/** What an answer's body needs to be read. */
export interface ResponseOptions {
  readonly url: URL
  readonly what: string
  readonly connection: Connection
  readonly idleMilliseconds: number
}

/** So much of a body that nobody wants is read to keep its connection; what is longer is cut off. */
const drainBytes = 64 * 1024
const drainMilliseconds = 1_000

/** Makes the answer that callers see; the connection is given back when its body has been read or let go. */
export function createResponse(response: Response, options: ResponseOptions): TransportResponse {
  const { url, what, connection, idleMilliseconds } = options
  const { status, headers } = response
  if (response.body === null) connection.end()
  else connection.idle()
  let isTaken = false

  const chunks = async function* (milliseconds: number): AsyncGenerator<Uint8Array, void, undefined> {
    if (response.body === null || isTaken) return
    isTaken = true
    const reader = response.body.getReader()
    let isDone = false
    try {
      for (;;) {
        const { done, value } = await connection.watch(reader.read(), milliseconds)
        if (done) {
          isDone = true
          return
        }
        if (value.length > 0) {
          connection.idle()
          yield value
        }
      }
    } catch (error) {
      throw readingError(error, connection, url.host, what)
    } finally {
      connection.end({ abort: !isDone })
      if (!isDone) reader.cancel().catch(() => undefined)
    }
  }

  return {
    status,
    headers,
    url,
    body: response.body && { [Symbol.asyncIterator]: () => chunks(idleMilliseconds) },
    bytes: (maxBytes) => readUpTo(chunks(idleMilliseconds), maxBytes, what, url.host),
    async discard() {
      let length = 0
      // What comes drop by drop is not waited for either.
      const timer = setTimeout(() => connection.end({ abort: true }), drainMilliseconds)
      try {
        for await (const chunk of chunks(drainMilliseconds)) {
          length += chunk.length
          if (length > drainBytes) break
        }
      } catch {
        // Nobody wanted it.
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

function readingError(error: unknown, { signal }: Connection, host: string, what: string): unknown {
  if (isOcisignError(error)) return error
  return signal.aborted ? signal.reason : failureOf(error, host, what)
}

/** The whole body. @throws UNAVAILABLE_LIMIT */
async function readUpTo(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
  host: string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > maxBytes) throw limitError(`could not ${what}: ${host} sent more than ${maxBytes} bytes`, host)
    parts.push(chunk)
  }
  return parts.length === 1 && parts[0] ? parts[0] : concatBytes(...parts)
}

function limitError(message: string, target: string): OcisignError {
  return new OcisignError('UNAVAILABLE_LIMIT', message, { target, refusals: [], retryable: false })
}
