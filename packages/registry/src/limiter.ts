// SPDX-License-Identifier: Apache-2.0
import { type AbortHub, createAbortHub } from './abort-hub.js'
import type { RegistryLimits } from './options.js'

/** Lets so many requests to each host be under way at once, and so many begin in a second, in the order they came. */
export interface Limiter {
  /** What ends the turn, when it has come; called twice, that does nothing. */
  acquire(host: string, signal?: AbortSignal): Promise<() => void> | (() => void)
}

/** Is called when the turn has come, with what ends it. */
type Waiter = (end: () => void) => void

/** What is known of one host. */
interface Host {
  active: number
  /** Requests that may begin at `since`; it grows by the rate, up to one second's. */
  tokens: number
  /** In milliseconds. */
  since: number
  readonly queue: Waiter[]
  timer?: ReturnType<typeof setTimeout> | undefined
}

/** Redirects can name any number of hosts; more than these are forgotten once they are idle. */
const maxHosts = 256

/** Makes a limiter; `now` is in milliseconds. */
export function createLimiter(
  { requestsPerHost, requestsPerSecond }: Pick<RegistryLimits, 'requestsPerHost' | 'requestsPerSecond'>,
  now: () => number,
  hub: AbortHub = createAbortHub(),
): Limiter {
  const hosts = new Map<string, Host>()

  const refill = (host: Host) => {
    const time = now()
    // A clock that was set back gives nothing.
    const passed = Math.max(0, time - host.since)
    host.tokens = Math.min(requestsPerSecond, host.tokens + (passed * requestsPerSecond) / 1000)
    host.since = time
  }

  const forgetIdle = () => {
    for (const [name, host] of hosts) {
      if (host.active > 0 || host.queue.length > 0) continue
      refill(host)
      if (host.tokens >= requestsPerSecond) hosts.delete(name)
    }
  }

  const hostOf = (name: string): Host => {
    const known = hosts.get(name)
    if (known) return known
    if (hosts.size >= maxHosts) forgetIdle()
    const host: Host = { active: 0, tokens: requestsPerSecond, since: now(), queue: [] }
    hosts.set(name, host)
    return host
  }

  const mayBegin = (host: Host) => {
    if (host.active >= requestsPerHost) return false
    refill(host)
    return host.tokens >= 1
  }

  /** Begins a turn; the result ends it. */
  const begin = (host: Host) => {
    host.tokens--
    host.active++
    let isActive = true
    return () => {
      if (!isActive) return
      isActive = false
      host.active--
      advance(host)
    }
  }

  const advance = (host: Host) => {
    while (host.queue.length > 0 && host.active < requestsPerHost) {
      if (!mayBegin(host)) {
        host.timer ??= setTimeout(
          () => {
            host.timer = undefined
            advance(host)
          },
          Math.ceil(((1 - host.tokens) * 1000) / requestsPerSecond),
        )
        return
      }
      host.queue.shift()?.(begin(host))
    }
  }

  return {
    acquire(name, signal) {
      signal?.throwIfAborted()
      const host = hostOf(name)
      // Without waiting where nobody does.
      if (host.queue.length === 0 && mayBegin(host)) return begin(host)
      return new Promise((resolve, reject) => {
        const waiter: Waiter = (end) => {
          ignore()
          resolve(end)
        }
        const ignore = hub.listen(signal, () => {
          const position = host.queue.indexOf(waiter)
          if (position >= 0) host.queue.splice(position, 1)
          reject(signal?.reason)
        })
        host.queue.push(waiter)
        advance(host)
      })
    },
  }
}
