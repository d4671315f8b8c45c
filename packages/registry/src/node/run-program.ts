// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { type CallOptions, concatBytes } from '@ocisign/core'

/** What to start, and how much of it is heard. */
export interface ProgramRequest extends CallOptions {
  readonly file: string
  readonly arguments: readonly string[]
  /** On Windows: the arguments are quoted already. */
  readonly verbatim?: boolean | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly input: Uint8Array
  readonly outputBytes: number
  /** What it complains of beyond this is not kept. */
  readonly complaintBytes: number
  readonly milliseconds: number
}

/** How it ended; a `status` only where it did so by itself. */
export interface ProgramResult {
  readonly ended: 'by itself' | 'by a signal' | 'too slow' | 'too much' | 'not started'
  readonly status?: number | undefined
  readonly output: Uint8Array
  readonly complaints: Uint8Array
  readonly cause?: unknown
}

/** Whoever the program has started may hold its output open for ever. */
const lingerMilliseconds = 1000

/** Runs a program, without a shell. Rejects with the signal's reason only; the program is killed then. */
export function runProgram(request: ProgramRequest): Promise<ProgramResult> {
  const { signal } = request
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const output = createSink(request.outputBytes)
    const complaints = createSink(request.complaintBytes)
    let child: ChildProcessWithoutNullStreams
    try {
      child = spawn(request.file, [...request.arguments], {
        env: { ...request.env },
        windowsHide: true,
        windowsVerbatimArguments: request.verbatim ?? false,
      })
    } catch (cause) {
      resolve({ ended: 'not started', output: output.bytes(), complaints: complaints.bytes(), cause })
      return
    }
    const timers: NodeJS.Timeout[] = []
    const letGo = () => {
      for (const timer of timers) clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      child.kill('SIGKILL')
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    }
    const finish = (
      ended: ProgramResult['ended'],
      more: { readonly status?: number; readonly cause?: unknown } = {},
    ) => {
      letGo()
      resolve({ ended, ...more, output: output.bytes(), complaints: complaints.bytes() })
    }
    const abort = () => {
      letGo()
      reject(signal?.reason)
    }
    const end = (status: number | null) => (status === null ? finish('by a signal') : finish('by itself', { status }))
    timers.push(setTimeout(() => finish('too slow'), request.milliseconds))
    signal?.addEventListener('abort', abort, { once: true })
    child.on('error', (cause) => finish('not started', { cause }))
    child.on('exit', (status) => timers.push(setTimeout(() => end(status), lingerMilliseconds)))
    child.on('close', end)
    child.stdout.on('data', (chunk: Uint8Array) => output.add(chunk) || finish('too much'))
    child.stderr.on('data', (chunk: Uint8Array) => complaints.add(chunk))
    // A program that does not read what it is told is none of our errors.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => {})
    child.stdin.end(request.input)
  })
}

/** Keeps so many bytes; `add` says whether there was room for all. */
function createSink(limit: number) {
  const chunks: Uint8Array[] = []
  let size = 0
  return {
    add(chunk: Uint8Array): boolean {
      const room = Math.min(chunk.length, limit - size)
      if (room > 0) chunks.push(chunk.subarray(0, room))
      size += room
      return room === chunk.length
    },
    bytes: () => concatBytes(...chunks),
  }
}
