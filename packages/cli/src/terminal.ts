// SPDX-License-Identifier: Apache-2.0
import { Buffer } from 'node:buffer'
import { writeSync } from 'node:fs'
import { fileError } from '@ocisign/core/node'
import type { Terminal } from './command.js'
import { formatError } from './output/error.js'

const clearLine = '\r\u001b[K'

/**
 * Makes the terminal of this process. It writes at once, so that nothing said is lost when the process ends, and
 * without the streams of `process`, whose making takes longer than many a command.
 */
export function createTerminal(signal: AbortSignal, debug: boolean): Terminal & { end(): Promise<void> } {
  const cleaning: (() => Promise<void>)[] = []
  let isOpen = true
  let status = ''
  let advise: (error: unknown) => string | undefined = () => undefined
  const say = (text: string) => {
    try {
      writeAll(2, text)
    } catch {
      // There is nowhere left to say it.
    }
  }
  /** Writes with the status out of the way: it may be on the same screen. */
  const above = (write: () => void) => {
    if (status === '') return write()
    say(clearLine)
    write()
    say(status)
  }
  const notice = (line: string) => above(() => say(`${line}\n`))
  return {
    signal,
    print(line) {
      if (!isOpen) return
      try {
        above(() => writeAll(1, `${line}\n`))
      } catch (error) {
        // Whoever read has heard enough (`| head -1`): that is no failure, and the exit code still tells the answer.
        if ((error as { readonly code?: string }).code !== 'EPIPE') throw fileError(error, 'standard output', 'write')
        isOpen = false
      }
    },
    notice,
    fail(error, about) {
      const line =
        error === signal.reason ? `ocisign: ${(error as Error).message}` : formatError(error, about, advise(error))
      notice(line)
      if (debug) notice(process.getBuiltinModule('node:util').inspect(error, { depth: 4 }))
    },
    atEnd(clean) {
      cleaning.push(clean)
    },
    async end() {
      for (const clean of cleaning.splice(0)) await clean().catch(() => undefined)
    },
    adviseWith(next) {
      advise = next
    },
    status(line) {
      if (line === status) return
      say(status === '' ? line : `${clearLine}${line}`)
      status = line
    },
  }
}

function writeAll(descriptor: number, text: string): void {
  let bytes: Uint8Array = Buffer.from(text)
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes))
    } catch (error) {
      if ((error as { readonly code?: string }).code !== 'EAGAIN') throw error
      // A full pipe that does not block: wait until its reader has caught up.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
