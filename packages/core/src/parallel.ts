// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from './descriptor.js'

/** Why what was begun ahead is aborted; made once, because making one each time costs more than all the rest. */
const notWanted = /* @__PURE__ */ Object.assign(new Error('nobody asks for more'), { name: 'AbortError' })

type Source<T> = AsyncIterable<T> | Iterable<T>

/**
 * Transforms what a source yields, in its order, up to `count` at a time; what becomes undefined is left out.
 *
 * Looks ahead only once an answer is awaited for longer than a timer takes: what answers at once is read one by one and
 * no further than it is asked for. A failure comes at its place. Whoever stops early aborts what was begun ahead, and a
 * source that was opened with the signal, and does not wait for either.
 */
export async function* mapAhead<T, R>(
  from: Source<T> | ((signal: AbortSignal) => Source<T>),
  count: number,
  transform: (item: T, signal: AbortSignal | undefined) => Promise<R | undefined> | R | undefined,
  { signal: given }: CallOptions = {},
): AsyncGenerator<R, void, undefined> {
  let controller: AbortController | undefined
  const passOn = () => controller?.abort(given?.reason)
  // Made only where it is needed: it costs more than all the rest here.
  const ownSignal = () => {
    if (!controller) {
      controller = new AbortController()
      if (given?.aborted) passOn()
      given?.addEventListener('abort', passOn, { once: true })
    }
    return controller.signal
  }
  const source = iterate(typeof from === 'function' ? from(ownSignal()) : from)
  const slots: Promise<{ readonly value: R | undefined } | undefined>[] = []
  let state = 'idle' as 'idle' | 'asking' | 'ended'
  let looksAhead = false
  let isLast = false

  const take = async (isAhead: boolean) => {
    let isAnswered = false
    let isGood = false
    try {
      state = 'asking'
      const { done, value } = await source.next()
      isAnswered = true
      state = done ? 'ended' : 'idle'
      // Whoever stopped meanwhile wants nothing begun.
      if (done || isLast) return undefined
      const transformed = transform(value, isAhead ? ownSignal() : (controller?.signal ?? given))
      lookAhead()
      const result = { value: await transformed }
      isGood = true
      return result
    } finally {
      if (!isAnswered) state = 'ended'
      // Nothing after a failure or the end is ever asked for.
      if (!isGood) isLast = true
    }
  }
  const lookAhead = () => {
    // A source need not bear being asked again before it has answered.
    if (!looksAhead || state !== 'idle' || isLast || slots.length >= count) return
    const slot = take(true)
    slot.catch(() => {})
    slots.push(slot)
  }
  const begin = () => {
    looksAhead = true
    lookAhead()
  }

  try {
    for (;;) {
      if (slots.length === 0) slots.push(take(false))
      const timer = looksAhead || count < 2 ? undefined : setTimeout(begin, 0)
      let result: { readonly value: R | undefined } | undefined
      try {
        result = await slots[0]
      } finally {
        clearTimeout(timer)
      }
      slots.shift()
      lookAhead()
      if (!result) return
      if (result.value !== undefined) yield result.value
    }
  } finally {
    isLast = true
    given?.removeEventListener('abort', passOn)
    if (slots.length > 0) controller?.abort(notWanted)
    // A source that is busy ends when it hears the signal, or never.
    if (state === 'asking') Promise.resolve(source.return?.()).catch(() => {})
    else if (state === 'idle') await source.return?.()
  }
}

function iterate<T>(source: Source<T>): AsyncIterator<T> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]()
  const iterator = source[Symbol.iterator]()
  return {
    next: async () => iterator.next(),
    return: async () => iterator.return?.() ?? { done: true, value: undefined },
  }
}
