// SPDX-License-Identifier: Apache-2.0
// Where the passphrase of an encrypted key comes from: the environment, else whoever sits at the terminal.
import type { Terminal } from './command.js'

const maxLength = 1024

/** What of the process is used. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'setEncoding' | 'pause' | 'on' | 'off'>
  readonly stderr: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>
  kill(pid: number, signal: string): unknown
  readonly pid: number
}

/** Asks for a passphrase; undefined where there is nobody to ask. What is typed is not shown. */
export async function askPassphrase(
  { signal }: Pick<Terminal, 'signal'>,
  surroundings: Surroundings = process,
): Promise<string | undefined> {
  const given = surroundings.env.OCISIGN_KEY_PASSPHRASE
  if (given !== undefined) return given
  const { stdin, stderr } = surroundings
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  stderr.write('Passphrase of the key: ')
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  try {
    return await readLine(surroundings, signal)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

function readLine({ stdin, kill, pid }: Surroundings, signal: AbortSignal): Promise<string | undefined> {
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
        else if (character === '\u007f' || character === '\b') text = text.slice(0, -1)
        else if (text.length < maxLength) text += character
      }
    }
    stdin.on('data', onData)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}
