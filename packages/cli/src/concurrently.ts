// SPDX-License-Identifier: Apache-2.0
// Many things at a time, and what came of each in the order that is wanted.

/** How {@link forEachConcurrently} works. */
export interface ConcurrencyOptions {
  /** Tasks at the same time, at most. */
  readonly concurrency: number
  /** Results are handed over in the order of the items, instead of as they come. */
  readonly ordered: boolean
}

/**
 * Runs a task for each item and hands over what it resolves to. A task that fails, or items that end in an error, stop
 * what has not begun; what has begun is waited for, so that its results are not lost.
 */
export async function forEachConcurrently<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  { concurrency, ordered }: ConcurrencyOptions,
  task: (item: T) => Promise<R>,
  deliver: (result: R) => void,
): Promise<void> {
  const running = new Set<Promise<void>>()
  const waiting = new Map<number, R>()
  let failure: { readonly error: unknown } | undefined
  let [begun, delivered] = [0, 0]

  const finish = (position: number, result: R) => {
    if (!ordered) return deliver(result)
    waiting.set(position, result)
    for (; waiting.has(delivered); delivered++) {
      const next = waiting.get(delivered) as R
      waiting.delete(delivered)
      deliver(next)
    }
  }
  const run = async (item: T, position: number) => {
    try {
      finish(position, await task(item))
    } catch (error) {
      failure ??= { error }
    }
  }
  try {
    for await (const item of items) {
      const each = run(item, begun++).finally(() => running.delete(each))
      running.add(each)
      while (running.size >= concurrency) await Promise.race(running)
      if (failure) break
    }
  } finally {
    await Promise.all(running)
  }
  if (failure) throw failure.error
}
