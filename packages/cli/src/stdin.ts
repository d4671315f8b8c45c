// SPDX-License-Identifier: Apache-2.0
import { type Invocation, misuse } from './command.js'

/** Reads standard input to its end. @throws MISUSE_OPTION where there is more than `maxBytes` */
export async function readStdin(what: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    signal.throwIfAborted()
    size += chunk.length
    if (size > maxBytes) throw misuse(`standard input is too long for ${what}; at most ${maxBytes} bytes are read`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** Holds a command line to one use of standard input. @throws MISUSE_OPTION */
export function requireOneStdin(invocation: Invocation, ...uses: readonly (string | false)[]): void {
  const all = [invocation.flag('password-stdin') && '--password-stdin', ...uses].filter((each) => each !== false)
  if (all.length > 1) throw misuse(`standard input is read once, and ${all.join(' and ')} both want it`)
}
