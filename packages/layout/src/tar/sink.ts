// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, untilAborted } from '@ocisign/core'
import { fileError } from '../errors.js'

/** What an archive is written to: a writable stream of Node's, like `process.stdout`. */
export interface ByteSink {
  write(chunk: Uint8Array, callback: (error?: Error | null) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/**
 * Writes to a stream as fast as it takes it, and leaves it open: standard output is not ours to close.
 * @throws UNAVAILABLE_FILE where the stream fails or is closed
 */
export async function writeToStream(
  sink: ByteSink,
  chunks: AsyncIterable<Uint8Array>,
  { signal }: CallOptions,
): Promise<void> {
  // A stream says that it failed twice, the second time to nobody; and an error that nobody hears ends the process.
  sink.on('error', () => undefined)
  for await (const chunk of chunks)
    await untilAborted(signal, () => write(sink, chunk)).catch((error: unknown) => {
      throw signal?.aborted ? error : fileError(error, '-', 'write')
    })
}

function write(sink: ByteSink, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(Object.assign(new Error('the stream was closed'), { code: 'EPIPE' }))
    sink.on('close', onClose)
    sink.write(chunk, (error) => {
      sink.off('close', onClose)
      if (error) reject(error)
      else resolve()
    })
  })
}
