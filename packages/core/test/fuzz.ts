// SPDX-License-Identifier: Apache-2.0
// How much to fuzz, and from which seed: the same for every property in the repository.
import type { Parameters } from 'fast-check'

/** Runs of each property: `OCISIGN_FUZZ_RUNS`, 2,000 by default. */
function fuzzRuns(): number {
  return wholeNumber('OCISIGN_FUZZ_RUNS') ?? 2000
}

/**
 * The seed of this run: `OCISIGN_FUZZ_SEED`, a new one each time where that is `random`, or else always the same, so that
 * a test fails by a change and not by chance. Printed in any case.
 */
function fuzzSeed(what = 'fuzz'): number {
  const isRandom = process.env.OCISIGN_FUZZ_SEED === 'random'
  const seed = isRandom ? Math.floor(Math.random() * 0x7fffffff) : (wholeNumber('OCISIGN_FUZZ_SEED') ?? 20_261_121)
  console.log(`${what}: ${fuzzRuns()} runs, OCISIGN_FUZZ_SEED=${seed}`)
  return seed
}

/** What `fc.assert` takes as its second argument. */
export function fuzzParameters(what: string): Pick<Parameters<unknown>, 'numRuns' | 'seed'> {
  return { numRuns: fuzzRuns(), seed: fuzzSeed(what) }
}

function wholeNumber(name: string): number | undefined {
  const text = process.env[name]
  if (text === undefined || text === '') return undefined
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${name} is not a whole number: ${text}`)
  return Number(text)
}
