// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from '@ocisign/core'

/** Does a thing once for everybody who wants it at the same time. */
export interface Flights<T> {
  /** Starts it under this key, or waits for the one that is under way. It is aborted once nobody waits any more. */
  join(key: string, options: CallOptions | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T>
}

interface Flight<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  waiting: number
}

/** Creates a place for things that are done once for several callers. */
export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>()

  function start(key: string, run: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    // Not before this function is done, so that whatever runs finds the flight in its place.
    const result = Promise.resolve().then(() => run(controller.signal))
    const flight: Flight<T> = { result, controller, waiting: 0 }
    flights.set(key, flight)
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    result.then(land, land)
    return flight
  }

  return {
    async join(key, options, run) {
      const signal = options?.signal
      signal?.throwIfAborted()
      const flight = flights.get(key) ?? start(key, run)
      flight.waiting++
      let stop = () => {}
      const aborted = new Promise<never>((_, reject) => {
        stop = () => reject(signal?.reason)
        signal?.addEventListener('abort', stop, { once: true })
      })
      try {
        return await Promise.race([flight.result, aborted])
      } finally {
        signal?.removeEventListener('abort', stop)
        if (--flight.waiting === 0) {
          // Whoever comes now must not join what has been given up.
          if (flights.get(key) === flight) flights.delete(key)
          flight.controller.abort(signal?.reason)
        }
      }
    },
  }
}
