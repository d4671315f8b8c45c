// SPDX-License-Identifier: Apache-2.0
import type { ArtifactStore } from '@ocisign/core'
import type { ConformanceCase } from './case.js'
import { abortCases, concurrencyCases } from './store-concurrency.js'
import { contentCases } from './store-content.js'
import { referrerCases } from './store-referrers.js'
import { resolveCases } from './store-resolve.js'
import { tagCases } from './store-tags.js'

/** What {@link storeCases} needs to know. */
export interface StoreCasesOptions {
  /** Makes an empty store; each case asks anew. */
  create(): Promise<ArtifactStore>
  /** Puts away what `create` made, after each case. */
  dispose?(store: ArtifactStore): Promise<void>
  /** How many writes run at once; 20 by default. */
  readonly concurrency?: number
}

/** One thing that must hold of a fresh store. */
export type StoreCheck = readonly [name: string, check: (store: ArtifactStore) => Promise<void>]

/**
 * The contract of an `ArtifactStore` as cases for any test runner.
 *
 * @example
 * ```ts
 * import { storeCases } from '@ocisign/conformance'
 * import { createMemoryStore } from '@ocisign/core'
 *
 * const cases = storeCases({ create: async () => createMemoryStore() })
 * for (const { run } of cases) await run() // in a test runner: test(name, run)
 * ```
 */
export function storeCases(options: StoreCasesOptions): readonly ConformanceCase[] {
  const { concurrency = 20 } = options
  const checks = [
    ...contentCases,
    ...resolveCases,
    ...tagCases,
    ...referrerCases,
    ...abortCases,
    ...concurrencyCases(concurrency),
  ]
  return checks.map(([name, check]) => ({
    name,
    run: async () => {
      const store = await options.create()
      try {
        await check(store)
      } finally {
        await options.dispose?.(store)
      }
    },
  }))
}
