// SPDX-License-Identifier: Apache-2.0
// Named pipes for tests. Node cannot make them, and not every machine has mkfifo; but tar unpacks them.
import { execFileSync } from 'node:child_process'
import { basename, dirname } from 'node:path'

/** Makes a named pipe; its name has at most 100 bytes. */
export function makePipe(path: string): void {
  // A ustar header: name, mode, owner, group, size, time, checksum, type, and "ustar" with its version.
  const header = Buffer.alloc(512)
  const fields: [offset: number, text: string][] = [
    [0, basename(path)],
    [100, '0000600'],
    [108, '0000000'],
    [116, '0000000'],
    [124, '00000000000'],
    [136, '00000000000'],
    [148, '        '],
    [156, '6'],
    [257, 'ustar\u000000'],
  ]
  for (const [offset, text] of fields) header.write(text, offset, 'latin1')
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  execFileSync('tar', ['-xf', '-'], { cwd: dirname(path), input: Buffer.concat([header, Buffer.alloc(1024)]) })
}
