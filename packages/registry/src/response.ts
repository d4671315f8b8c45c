// SPDX-License-Identifier: Apache-2.0
import { concatBytes, isOcisignError, OcisignError } from '@ocisign/core'
import type { Connection } from './connection.js'
import { type Answered, bodyFailureOf } from './failure.js'
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
    return body.getReader()
  }
  const close = (reader: Reader) => {
    connection.end({ abort: true })
    reader.cancel().catch(() => undefined)
  }
  const closeAfter = (reader: Reader, error: unknown) => {
    const failure = readingError(error, connection, { host: url.host, status }, what)
    close(reader)
    return failure
  }

  /** Reads all of the body, which most often is small and comes at once. */
  const collect = async (reader: Reader, maxBytes: number, milliseconds: number): Promise<readonly Uint8Array[]> => {
    const parts: Uint8Array[] = []
    let length = 0
    const readOn = async () => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        // Nothing is no sign of life.
        if (value.length === 0) continue
        length += value.length
        if (length > maxBytes)
          throw limitError(`could not ${what}: ${url.host} sent more than ${maxBytes} bytes`, url.host)
        parts.push(value)
        connection.hear(milliseconds)
      }
    }
    try {
      await connection.watch(readOn(), milliseconds)
    } catch (error) {
      throw closeAfter(reader, error)
    }
    connection.end()
    return parts
  }

  const chunks = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = open()
    if (!reader) return
    let isEnded = false
    try {
      while (!isEnded) {
        const { done, value } = await connection.watch(reader.read(), idleMilliseconds)
        isEnded = done
        if (done || value.length === 0) continue
        connection.idle()
        yield value
      }
      connection.end()
    } catch (error) {
      throw closeAfter(reader, error)
    } finally {
      if (!isEnded) close(reader)
    }
  }

  return {
    status,
    headers,
    url,
    body: body && { [Symbol.asyncIterator]: chunks },
    async bytes(maxBytes) {
      const reader = open()
      const parts = reader ? await collect(reader, maxBytes, idleMilliseconds) : []
      return parts.length === 1 && parts[0] ? parts[0] : concatBytes(...parts)
    },
    async discard() {
      const reader = open()
      if (!reader) return
      // What comes drop by drop is not waited for either.
      const timer = setTimeout(() => close(reader), drainMilliseconds)
      // Nobody wanted it.
      await collect(reader, drainBytes, drainMilliseconds).catch(() => undefined)
      clearTimeout(timer)
    },
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

function readingError(error: unknown, { signal }: Connection, from: Answered, what: string): unknown {
  if (isOcisignError(error)) return error
  return signal.aborted ? signal.reason : bodyFailureOf(error, from, what)
}

function limitError(message: string, target: string): OcisignError {
  return new OcisignError('UNAVAILABLE_LIMIT', message, { target, refusals: [], retryable: false })
}
