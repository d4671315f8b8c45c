// SPDX-License-Identifier: Apache-2.0
// One request under way: who may end it, what it holds, and the timers that watch it.
import type { AbortHub } from './abort-hub.js'

/** One request under way, until its body has been read or let go. */
export interface Connection {
  /** Aborted by the caller, by silence, or by {@link Connection.end}. */
  readonly signal: AbortSignal
  /** Waits for the network; aborts everything where nothing comes for so long. */
  watch<T>(step: Promise<T>, milliseconds: number): Promise<T>
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
  let slack: ReturnType<typeof setTimeout> | undefined
  /** Whoever waits; what ignores its signal must not hold anybody. */
  let waits: ((reason: unknown) => void) | undefined

  const abort = (reason: unknown) => {
    controller.abort(reason)
    waits?.(controller.signal.reason)
  }
  const ignore = hub.listen(signal, () => abort(signal?.reason))

  const end = ({ abort: isBroken = false } = {}) => {
    clearTimeout(slack)
    ignore()
    if (isBroken) abort(notWanted)
    release()
  }

  return {
    signal: controller.signal,
    end,
    idle() {
      clearTimeout(slack)
      slack = startTimer(() => {
        release()
        slack = startTimer(() => {
          abort(silence(forgottenMilliseconds))
          end()
        }, forgottenMilliseconds)
      }, slackMilliseconds)
    },
    watch(step, milliseconds) {
      clearTimeout(slack)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => abort(silence(milliseconds)), milliseconds)
        const settle = () => {
          clearTimeout(timer)
          if (waits === fail) waits = undefined
        }
        const fail = (reason: unknown) => {
          settle()
          reject(reason)
        }
        waits = fail
        if (controller.signal.aborted) fail(controller.signal.reason)
        step.then((value) => {
          settle()
          resolve(value)
        }, fail)
      })
    },
  }
}
