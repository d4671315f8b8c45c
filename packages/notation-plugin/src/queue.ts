// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from '@ocisign/core'

/** Runs what it is given, so many at a time; the rest waits its turn, or until its caller gives up. */
export type Queue = <T>(run: () => Promise<T>, options?: CallOptions) => Promise<T>

/** Makes a queue: every run of a plugin is a process of its own, and fifty of them at once are too many. */
export function createQueue(limit: number): Queue {
  const waiting = new Set<() => void>()
  let running = 0
  const leave = () => {
    const [next] = waiting
    if (next) next()
    else running--
  }
  const enter = ({ signal }: CallOptions) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      if (running < limit) {
        running++
        return resolve()
      }
      const giveUp = () => {
        waiting.delete(next)
        reject(signal?.reason)
      }
      const next = () => {
        waiting.delete(next)
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      waiting.add(next)
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  return async (run, options = {}) => {
    await enter(options)
    try {
      return await run()
    } finally {
      leave()
    }
  }
}
