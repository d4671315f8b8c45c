// SPDX-License-Identifier: Apache-2.0
// One request under way: who may end it, what it holds, and the timers that watch it.
import type { AbortHub } from './abort-hub.js'

/** One request under way, until its body has been read or let go. */
export interface Connection {
  /** Aborted by the caller, by silence, or by {@link Connection.end}. */
  readonly signal: AbortSignal
  /** Waits for the network; aborts everything where nothing is heard for so long. */
  watch<T>(step: Promise<T>, milliseconds: number): Promise<T>
  /** Something came, and so much time is left for what comes next. */
  hear(milliseconds: number): void
  /** It is now the caller's turn to read. */
  idle(): void
  /** Gives back what it holds; `abort` ends what is still under way. */
  end(options?: { readonly abort?: boolean }): void
}

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly signal: AbortSignal | undefined
  readonly hub: AbortHub
  /** Gives the turn to the next request to the host. */
  readonly release: () => void
  /** The reason to abort with where nothing comes, or nobody reads. */
  readonly silence: (milliseconds: number) => Error
}

/** A response that nobody reads for so long no longer counts as under way, so that it cannot hold up others for ever. */
const slackMilliseconds = 2_000
/** After so long it is taken for forgotten, and its connection is closed. */
const forgottenMilliseconds = 300_000

/** Why a request is ended that nobody waits for; made once, because making one each time costs more than all the rest. */
const notWanted = new Error('nobody wants the answer any more')

/** Starts a timer that does not keep a process alive by itself. */
function startTimer(run: () => void, milliseconds: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(run, milliseconds)
  if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.()
  return timer
}

/** Begins to watch over one request. */
export function createConnection({ signal, hub, release, silence }: ConnectionOptions): Connection {
  const controller = new AbortController()
  /** Of silence while somebody waits, of idleness while nobody does. */
  let timer: ReturnType<typeof setTimeout> | undefined
  /** Whoever waits; what ignores its signal must not hold anybody. */
  let waits: ((reason: unknown) => void) | undefined

  const abort = (reason: unknown) => {
    controller.abort(reason)
    waits?.(controller.signal.reason)
  }
  const ignore = hub.listen(signal, () => abort(signal?.reason))

  const end = ({ abort: isBroken = false } = {}) => {
    clearTimeout(timer)
    ignore()
    if (isBroken) abort(notWanted)
    release()
  }
  const hear = (milliseconds: number) => {
    clearTimeout(timer)
    // What still comes when it is over must not keep a process alive.
    if (waits) timer = setTimeout(() => abort(silence(milliseconds)), milliseconds)
  }

  return {
    signal: controller.signal,
    end,
    hear,
    idle() {
      clearTimeout(timer)
      timer = startTimer(() => {
        release()
        timer = startTimer(() => {
          abort(silence(forgottenMilliseconds))
          end()
        }, forgottenMilliseconds)
      }, slackMilliseconds)
    },
    watch(step, milliseconds) {
      return new Promise((resolve, reject) => {
        const settle = () => {
          if (waits !== fail) return
          clearTimeout(timer)
          waits = undefined
        }
        const fail = (reason: unknown) => {
          settle()
          reject(reason)
        }
        waits = fail
        hear(milliseconds)
        if (controller.signal.aborted) fail(controller.signal.reason)
        step.then((value) => {
          settle()
          resolve(value)
        }, fail)
      })
    },
  }
}
