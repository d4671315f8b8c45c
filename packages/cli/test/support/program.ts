// SPDX-License-Identifier: Apache-2.0
// Runs the built command line as a person does.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

export const program = join(import.meta.dirname, '../../dist/main.js')

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** A module that is loaded first. */
  readonly require?: string
  /** Another copy of the program. */
  readonly program?: string
  /** `ulimit -f`, in KiB: what is written beyond it fails. */
  readonly fileLimit?: number
  /** What stands on standard input; nothing where left out. */
  readonly stdin?: string | Uint8Array
  /** A file that standard output goes to. */
  readonly stdoutTo?: string
  /** Called once the process runs. */
  readonly started?: (child: ChildProcess) => void
}

/** Runs the program to its end; it sees nothing of the environment that tests run in. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const env = { PATH: process.env.PATH ?? '', HOME: '/nowhere', ...options.env }
  const preload = options.require === undefined ? [] : ['--require', options.require]
  const node = [process.execPath, ...preload, options.program ?? program, ...args]
  const limited = ['bash', '-c', `ulimit -f ${options.fileLimit}; exec "$@"`, 'bash', ...node]
  const [command = '', ...parameters] = options.fileLimit === undefined ? node : limited
  const file = options.stdoutTo === undefined ? undefined : openSync(options.stdoutTo, 'w')
  const child = spawn(command, parameters, {
    env,
    ...(options.cwd && { cwd: options.cwd }),
    stdio: ['pipe', file ?? 'pipe', 'pipe'],
  })
  if (file !== undefined) closeSync(file)
  // A program that does not read is no failure of the test.
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.stdin)
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  options.started?.(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => resolve({ status, signal, ...said }))
  })
}

/** The lines of a text that ends with a line's end. */
export const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** The code that ends an error's one line. */
export const codeOf = (stderr: string): string | undefined => /\[([A-Z_]+)\]\n$/.exec(stderr)?.[1]
