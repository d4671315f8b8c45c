// SPDX-License-Identifier: Apache-2.0
// Runs a plugin once: no shell, one parameter, everything it does bounded.
import { type ChildProcess, spawn } from 'node:child_process'
import { kill, platform } from 'node:process'
import type { Readable } from 'node:stream'
import { type CallOptions, concatBytes, isOcisignError, waitFor } from '@ocisign/core'
import { unavailablePlugin } from './errors.js'

/** What {@link runProcess} needs. */
export interface ProcessOptions extends CallOptions {
  /** For messages. */
  readonly plugin: string
  /** Absolute. */
  readonly path: string
  readonly command: string
  readonly input: Uint8Array
  /** Of the answer. */
  readonly maxBytes: number
  readonly timeoutMilliseconds: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** How a plugin ended; `exitCode` is null where a signal ended it. */
export interface ProcessResult {
  readonly exitCode: number | null
  readonly output: Uint8Array
  readonly errors: Uint8Array
}

const maxErrorBytes = 1024 * 1024
/** How long a process that is gone may leave its pipes to others. */
const graceMilliseconds = 1000

/**
 * Runs a program with one parameter and one input, and hears what it says. Where it takes too long, says too much, or
 * the caller gives up, it is killed with all that it started.
 *
 * @throws UNAVAILABLE_PLUGIN where it cannot be started, takes too long or says too much; the signal's reason
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  for (let tries = 1; ; tries++)
    try {
      return await runOnce(options)
    } catch (error) {
      if (tries === maxStarts || !isBeingWritten(error)) throw error
      await waitFor(50, options)
    }
}

/** A file just written is busy for as long as a process that is starting beside it has it open, too. */
const maxStarts = 5
const isBeingWritten = (error: unknown) =>
  isOcisignError(error) && (error.cause as { readonly code?: unknown } | undefined)?.code === 'ETXTBSY'

function runOnce(options: ProcessOptions): Promise<ProcessResult> {
  const { plugin, signal, timeoutMilliseconds, maxBytes } = options
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const child = start(options, reject)
    if (!child) return
    const ends: (() => void)[] = []
    let isOver = false
    const finish = (settle: () => void, isKilled: boolean) => {
      // One that was killed ends, too: nothing waits for that, and its number may soon be another's.
      if (isOver) return
      isOver = true
      for (const end of ends) end()
      if (isKilled) killTree(child)
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
      settle()
    }
    const fail = (why: string, retryable = false, cause?: unknown) =>
      finish(() => reject(unavailablePlugin(plugin, why, { retryable, cause })), true)

    const output = collect(child.stdout!, maxBytes, () => fail(`answered with more than ${maxBytes} bytes`))
    const errors = collect(child.stderr!, maxErrorBytes, () => fail(`complained in more than ${maxErrorBytes} bytes`))
    const done = () =>
      finish(() => resolve({ exitCode: child.exitCode, output: output(), errors: errors() }), child.exitCode === null)

    const timer = setTimeout(() => fail(`did not answer within ${timeoutMilliseconds} ms`, true), timeoutMilliseconds)
    const giveUp = () => finish(() => reject(signal?.reason), true)
    signal?.addEventListener('abort', giveUp, { once: true })
    ends.push(
      () => clearTimeout(timer),
      () => signal?.removeEventListener('abort', giveUp),
    )
    child.once('error', (cause) => fail(`could not be run: ${reasonOf(cause)}`, false, cause))
    child.once('close', done)
    child.once('exit', () => {
      if (isOver) return
      // Whoever it started may hold its pipes open for ever.
      const grace = setTimeout(() => {
        killTree(child)
        done()
      }, graceMilliseconds)
      ends.push(() => clearTimeout(grace))
    })
    // One that does not read its request is no trouble of ours.
    child.stdin!.on('error', () => undefined)
    child.stdin!.end(options.input)
  })
}

/** Starts the process; what the system has against it goes to `reject`. */
function start(options: ProcessOptions, reject: (error: unknown) => void): ChildProcess | undefined {
  const { plugin, path, command, environment } = options
  try {
    return spawn(path, [command], {
      shell: false,
      // A group of its own, so that all of it can be killed.
      detached: platform !== 'win32',
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...environment },
    })
  } catch (cause) {
    reject(unavailablePlugin(plugin, `could not be run: ${reasonOf(cause)}`, { cause }))
    return undefined
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'it may not be executed',
  ENOENT: 'it, or the interpreter that it names, is not there',
  ENOEXEC: 'it is no program for this system',
  ETXTBSY: 'it is being written',
}

const reasonOf = (cause: unknown) => {
  const code = String((cause as { readonly code?: unknown } | null)?.code ?? 'unexpected error')
  return reasons[code] ?? code
}

function collect(stream: Readable, maxBytes: number, onTooMuch: () => void): () => Uint8Array {
  const chunks: Uint8Array[] = []
  let size = 0
  stream.on('data', (chunk: Uint8Array) => {
    size += chunk.length
    if (size > maxBytes) onTooMuch()
    else chunks.push(chunk)
  })
  stream.on('error', () => undefined)
  return () => concatBytes(...chunks)
}

/** Ends a process and whatever it started that did not leave its group. */
function killTree({ pid }: ChildProcess): void {
  if (pid === undefined) return
  if (platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {})
    return
  }
  try {
    kill(-pid, 'SIGKILL')
  } catch {
    // All of it is gone already.
  }
}
