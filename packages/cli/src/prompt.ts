// SPDX-License-Identifier: Apache-2.0
// Asks whoever sits at the terminal.
import type { Terminal } from './command.js'

/** Tokens of cloud registries have some three thousand characters. */
const maxLength = 16 * 1024

/** What of the process is used. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'setEncoding' | 'pause' | 'on' | 'off'>
  readonly stderr: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>
  kill(pid: number, signal: string): unknown
  readonly pid: number
}

/** How to {@link ask}. */
export interface AskOptions {
  /** What is typed is not shown. */
  readonly secret: boolean
  readonly surroundings?: Surroundings | undefined
}

/** Asks for a line; undefined where there is nobody to ask, or no answer. */
export async function ask(
  question: string,
  { signal }: Pick<Terminal, 'signal'>,
  { secret, surroundings = process }: AskOptions,
): Promise<string | undefined> {
  const { stdin, stderr } = surroundings
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  const show = secret ? () => undefined : (text: string) => void stderr.write(text)
  try {
    return await readLine(surroundings, signal, show)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

function readLine(
  { stdin, kill, pid }: Surroundings,
  signal: AbortSignal,
  show: (text: string) => void,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = ''
    const finish = (settle: () => void) => {
      stdin.off('data', onData)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = () => finish(() => reject(signal.reason))
    const onData = (typed: string) => {
      for (const character of typed) {
        if (character === '\r' || character === '\n') return finish(() => resolve(text))
        if (character === '\u0004') return finish(() => resolve(undefined))
        // In raw mode the terminal sends this as a character, not as a signal.
        if (character === '\u0003') kill(pid, 'SIGINT')
        else if (character === '\u007f' || character === '\b') {
          if (text !== '') show('\b \b')
          text = text.slice(0, -1)
        } else if (text.length < maxLength) {
          text += character
          show(character)
        }
      }
    }
    stdin.on('data', onData)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}
