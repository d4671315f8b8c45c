// SPDX-License-Identifier: Apache-2.0

/** Keeps what was used last, at most `limit` of it. */
export interface Cache<T> {
  get(key: string): T | undefined
  /** Makes it where it is not there. */
  ensure(key: string): T
}

/** Creates a cache that makes what it does not have. */
export function createCache<T extends object>(limit: number, make: (key: string) => T): Cache<T> {
  const values = new Map<string, T>()
  const get = (key: string) => {
    const value = values.get(key)
    if (value === undefined) return undefined
    // A Map is in the order in which its keys were set.
    values.delete(key)
    values.set(key, value)
    return value
  }
  return {
    get,
    ensure(key) {
      const known = get(key)
      if (known !== undefined) return known
      for (const oldest of values.keys()) {
        if (values.size < limit) break
        values.delete(oldest)
      }
      const made = make(key)
      values.set(key, made)
      return made
    },
  }
}
