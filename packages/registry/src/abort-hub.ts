// SPDX-License-Identifier: Apache-2.0

/**
 * Hears of aborts for many at once, with one listener on each signal: a caller's signal serves everything that runs in
 * parallel, and Node warns of a leak where more than ten listen.
 */
export interface AbortHub {
  /** Runs it once when the signal is aborted, at once where it is; what is returned ends that. */
  listen(signal: AbortSignal | undefined, run: () => void): () => void
}

interface Group {
  readonly runs: Set<() => void>
  readonly end: () => void
}

/** Makes a hub. */
export function createAbortHub(): AbortHub {
  const groups = new WeakMap<AbortSignal, Group>()

  const groupOf = (signal: AbortSignal): Group => {
    const known = groups.get(signal)
    if (known) return known
    const runs = new Set<() => void>()
    const tell = () => {
      groups.delete(signal)
      for (const run of [...runs]) if (runs.delete(run)) run()
    }
    signal.addEventListener('abort', tell, { once: true })
    const end = () => {
      signal.removeEventListener('abort', tell)
      groups.delete(signal)
    }
    const group = { runs, end }
    groups.set(signal, group)
    return group
  }

  return {
    listen(signal, run) {
      if (!signal) return () => {}
      if (signal.aborted) {
        run()
        return () => {}
      }
      const { runs, end } = groupOf(signal)
      // Its own function, so that the same one may listen twice.
      const once = () => run()
      runs.add(once)
      return () => {
        if (runs.delete(once) && runs.size === 0) end()
      }
    },
  }
}
