// SPDX-License-Identifier: Apache-2.0
import type { Answer, FakeErrorCode, FakeRequest, FakeServer } from './answer.js'
import type { Route } from './routes.js'

/** Where an answer stops: before anything is done, after that but before a byte, after the headers, in the body. */
export type Stage = 'request' | 'answer' | 'headers' | 'body'

/** What the fake does wrong. */
export type Misbehaviour =
  /** Refuses; nothing is done. `retryAfter` is seconds, a date, or anything. */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly code?: FakeErrorCode | undefined
      readonly message?: string | undefined
      readonly retryAfter?: string | number | undefined
      readonly headers?: Readonly<Record<string, string>> | undefined
      /** Instead of an error in JSON. */
      readonly body?: string | Uint8Array | undefined
    }
  /** Refuses, and says back what `Authorization` was, among control characters. */
  | { readonly kind: 'echo'; readonly status: number }
  /** Sets headers, or leaves them out. Names in lower case. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string | undefined>> }
  /** Another body under the same headers. */
  | { readonly kind: 'body'; readonly body: string | Uint8Array | ((body: Uint8Array) => Uint8Array) }
  /** Answers what belongs to another path of the registry. */
  | { readonly kind: 'instead'; readonly path: string }
  /** Anything else. */
  | { readonly kind: 'change'; readonly change: (answer: Answer, request: FakeRequest) => Answer }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** So many bytes of the body at a time. */
  | { readonly kind: 'slow'; readonly bytes: number; readonly milliseconds: number }
  /** Answers never more. */
  | { readonly kind: 'hang'; readonly at: Stage }
  /** Breaks the connection. */
  | { readonly kind: 'reset'; readonly at: Stage }
  /** Ends after so many bytes of the body, under the right `Content-Length`. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** So many bytes more, which `Content-Length` has or has not. */
  | { readonly kind: 'longer'; readonly bytes: number; readonly stated: boolean }
  /** No `Content-Length`. */
  | { readonly kind: 'chunked' }
  /** Compressed although nobody asked: the body, or so many zeros. */
  | { readonly kind: 'gzip'; readonly zeros?: number | undefined }
  /**
   * Sends elsewhere: to itself for ever, to the fake's other server, or to an address. `hops` is after how many
   * redirects it leads to the same place.
   */
  | {
      readonly kind: 'redirect'
      readonly to: 'itself' | 'elsewhere' | URL
      readonly status?: 301 | 302 | 303 | 307 | 308 | undefined
      readonly hops?: number | undefined
    }
  /** The next page is this one, one on the fake's other server, or the address. */
  | { readonly kind: 'link'; readonly to: 'itself' | 'elsewhere' | URL | string }
  /** Each page has another, for ever, with so many descriptors or tags that are nowhere. */
  | { readonly kind: 'endless'; readonly perPage?: number | undefined }
  /** `Location` is on the fake's other server, is missing, or is what it says. */
  | { readonly kind: 'location'; readonly to: 'elsewhere' | undefined | URL | string }
  /** A manifest that is pushed now is missing in so many listings; in all by default. */
  | { readonly kind: 'unlisted'; readonly listings?: number | undefined }
  /** One in so many requests goes wrong, always the same ones. */
  | { readonly kind: 'random'; readonly faults: FaultOptions }

/** Faults by chance that is none: the seed says which. */
export interface FaultOptions {
  /** From 0 to 1. */
  readonly rate: number
  readonly seed: number
  /** All by default. */
  readonly kinds?: readonly FaultKind[] | undefined
}

/** Faults after which a client cannot know what there is. `not found` is none of them: that is an answer. */
export type FaultKind =
  | 'too many requests'
  | 'internal error'
  | 'bad gateway'
  | 'unavailable'
  | 'timed out'
  | 'unauthorized'
  | 'forbidden'
  | 'lost before'
  | 'lost after'
  | 'lost in the headers'
  | 'lost in the body'
  | 'truncated'
  | 'longer'
  | 'chunked'
  | 'compressed'
  | 'slow'
  | 'late'
  | 'other body'
  | 'other digest'
  | 'no digest'
  | 'not JSON'
  | 'no list'
  | 'lying filter'
  | 'redirect loop'
  | 'redirect elsewhere'
  | 'page of its own'

/** Which requests; all where nothing is said. */
export interface MisbehaviourFilter {
  readonly server?: FakeServer | undefined
  readonly method?: string | readonly string[] | undefined
  readonly what?: Route['what'] | undefined
  /** Of the path and its query; text has to be contained. */
  readonly path?: string | RegExp | undefined
  /** The first that fits is 1; a list of them; all where left out. */
  readonly nth?: number | readonly number[] | undefined
  /** From this one on. */
  readonly from?: number | undefined
}

/** What goes wrong, and when. */
export interface MisbehaviourRule {
  readonly when?: MisbehaviourFilter | undefined
  readonly how: Misbehaviour
}

/** A rule that counts. */
export interface ActiveRule extends MisbehaviourRule {
  count: number
}

/** What goes wrong with this request, in the order of the rules; each rule that fits has counted it. */
export function misbehavioursFor(
  rules: readonly ActiveRule[],
  { server, method, path, query }: FakeRequest,
  { what }: Route,
): readonly Misbehaviour[] {
  const target = query.size > 0 ? `${path}?${decodeURIComponent(query.toString())}` : path
  return rules
    .filter((rule) => {
      const { when = {} } = rule
      const methods = typeof when.method === 'string' ? [when.method] : when.method
      const fits =
        (when.server ?? server) === server &&
        (methods?.includes(method) ?? true) &&
        (when.what ?? what) === what &&
        (when.path === undefined ||
          (typeof when.path === 'string' ? target.includes(when.path) : when.path.test(target)))
      if (!fits) return false
      rule.count += 1
      const chosen = typeof when.nth === 'number' ? [when.nth] : when.nth
      return (chosen?.includes(rule.count) ?? true) && rule.count >= (when.from ?? 1)
    })
    .map(({ how }) => how)
}
