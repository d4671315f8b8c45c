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
  const { status, headers, body } = response
  if (body === null) connection.end()
  else connection.idle()
  let isTaken = false

  /** Begins to read the body; undefined where there is none, and for whoever comes second. */
  const open = () => {
    if (body === null || isTaken) return undefined
    isTaken = true
    const reader = body.getReader()
    const close = () => {
      connection.end({ abort: true })
      reader.cancel().catch(() => undefined)
    }
    /** The next chunk that is not empty; undefined at the end. */
    const next = async (milliseconds: number): Promise<Uint8Array | undefined> => {
      try {
        for (;;) {
          const { done, value } = await connection.watch(reader.read(), milliseconds)
          if (done) connection.end()
          if (done || value.length > 0) return value
        }
      } catch (error) {
        const failure = readingError(error, connection, url.host, what)
        close()
        throw failure
      }
    }
    return { next, close }
  }

  const chunks = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    const source = open()
    let isEnded = false
    try {
      for (;;) {
        const chunk = await source?.next(idleMilliseconds)
        isEnded = !chunk
        if (!chunk) return
        connection.idle()
        yield chunk
      }
    } finally {
      if (!isEnded) source?.close()
    }
  }

  return {
    status,
    headers,
    url,
    body: body && { [Symbol.asyncIterator]: chunks },
    // Without a generator between: most of what is read is small, and there is much of it.
    async bytes(maxBytes) {
      const source = open()
      const parts: Uint8Array[] = []
      let length = 0
      for (;;) {
        const chunk = await source?.next(idleMilliseconds)
        if (!chunk) return parts.length === 1 && parts[0] ? parts[0] : concatBytes(...parts)
        parts.push(chunk)
        length += chunk.length
        if (length <= maxBytes) continue
        source?.close()
        throw limitError(`could not ${what}: ${url.host} sent more than ${maxBytes} bytes`, url.host)
      }
    },
    async discard() {
      const source = open()
      if (!source) return
      // What comes drop by drop is not waited for either.
      const timer = setTimeout(source.close, drainMilliseconds)
      let length = 0
      try {
        for (;;) {
          const chunk = await source.next(drainMilliseconds)
          if (!chunk) return
          length += chunk.length
          if (length > drainBytes) return source.close()
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

function limitError(message: string, target: string): OcisignError {
  return new OcisignError('UNAVAILABLE_LIMIT', message, { target, refusals: [], retryable: false })
}
