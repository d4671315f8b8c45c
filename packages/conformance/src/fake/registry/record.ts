// SPDX-License-Identifier: Apache-2.0
import type { FakeServer } from './answer.js'
import type { FaultKind } from './misbehaviour.js'

/** A request that came, and what became of it. */
export interface RecordedRequest {
  readonly server: FakeServer
  readonly method: string
  /** As it came, without the query. */
  readonly path: string
  /** As it came, without the question mark. */
  readonly query: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The value, so that a test can say that it is not where it must not be. */
  readonly authorization: string | undefined
  /** Of the body that came. */
  bodyBytes: number
  /** The body, where it came to the token service. */
  form?: URLSearchParams | undefined
  /** Undefined until an answer begins, and where none does. */
  status?: number | undefined
  /** Of the body that was sent. */
  sentBytes: number
  /** The fault that chance chose. */
  fault?: FaultKind | undefined
  /** Counts beginnings and ends of requests; an end is the moment before the last of the answer leaves. */
  readonly started: number
  finished?: number | undefined
}

/**
 * How many of these requests were made one after the other at least: the longest row without an overlap.
 *
 * @example
 * ```ts
 * import { countSteps, createFakeRegistry } from '@ocisign/conformance/fake'
 *
 * const registry = await createFakeRegistry()
 * await Promise.all([fetch(`${registry.origin}/v2/`), fetch(`${registry.origin}/v2/`)])
 * console.log(countSteps(registry.requests)) // 1 or 2
 * await registry.close()
 * ```
 */
export function countSteps(requests: readonly RecordedRequest[]): number {
  const ends = [...requests].sort((a, b) => endOf(a) - endOf(b))
  let steps = 0
  let end = -1
  for (const request of ends) {
    if (request.started < end) continue
    steps += 1
    end = endOf(request)
  }
  return steps
}

/**
 * How many of these requests were under way at the same time at most.
 *
 * @example
 * ```ts
 * import { countConcurrent, createFakeRegistry } from '@ocisign/conformance/fake'
 *
 * const registry = await createFakeRegistry()
 * await Promise.all([fetch(`${registry.origin}/v2/`), fetch(`${registry.origin}/v2/`)])
 * console.log(countConcurrent(registry.requests)) // 2 at most
 * await registry.close()
 * ```
 */
export function countConcurrent(requests: readonly RecordedRequest[]): number {
  const most = requests.map(
    ({ started }) => requests.filter((each) => each.started <= started && endOf(each) > started).length,
  )
  return Math.max(0, ...most)
}

const endOf = ({ finished = Number.POSITIVE_INFINITY }: RecordedRequest) => finished
