// SPDX-License-Identifier: Apache-2.0

/**
 * Makes a place to wait: where `quiet` is not 0, all who wait go on together once nobody has come for so many
 * milliseconds.
 */
export function createSettler(quiet: number): (delay: number) => Promise<void> {
  let waiting: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined
  const release = () => {
    const all = waiting
    waiting = []
    for (const go of all) go()
  }
  return async (delay) => {
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
    if (quiet > 0)
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        clearTimeout(timer)
        timer = setTimeout(release, quiet)
      })
  }
}
