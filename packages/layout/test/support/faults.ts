// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises'
import { type FileSystem, nodeFileSystem } from '../../src/file-system.js'

export type Operation = keyof FileSystem | 'write' | 'sync' | 'read' | 'stat' | 'chmod' | 'close'

const systemError = (code: string) => Object.assign(new Error(`${code}: injected`), { code })

/** The real file system, asked before each operation whether it should fail with a code. */
export function faultyFileSystem(fault: (operation: Operation, path: string) => string | undefined): FileSystem {
  const check = (operation: Operation, path: unknown) => {
    const code = fault(operation, String(path))
    if (code) throw systemError(code)
  }
  const wrapped = Object.entries(nodeFileSystem).map(([name, run]) => [
    name,
    async (...all: unknown[]) => {
      // Of two paths the one that comes into being is meant.
      check(name as Operation, name === 'link' || name === 'rename' ? all[1] : all[0])
      const result = await (run as (...all: unknown[]) => Promise<unknown>)(...all)
      return name === 'open' ? faultyHandle(result as FileHandle, (operation) => check(operation, all[0])) : result
    },
  ])
  return Object.fromEntries(wrapped) as FileSystem
}

function faultyHandle(handle: FileHandle, check: (operation: Operation) => void): FileHandle {
  return new Proxy(handle, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return async (...all: unknown[]) => {
        if (name === 'close') {
          // Closed all the same, as the system does.
          await target.close()
          return check('close')
        }
        check(name as Operation)
        return value.apply(target, all)
      }
    },
  })
}
