// SPDX-License-Identifier: Apache-2.0
// Semantic versions (semver.org), as far as plugins need them.

const identifier = '(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)'
const number = '(0|[1-9][0-9]*)'

/** At most 100 characters long, so that the pattern has nothing to go back and forth in. */
const pattern = () =>
  new RegExp(
    `^${number}\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
  )

const parse = (version: string) => (version.length <= 100 ? pattern().exec(version) : null)

/**
 * Tells whether this is a semantic version, and nothing but one: no `v`, no two numbers.
 *
 * @example
 * ```ts
 * import { isVersion } from '@ocisign/notation-plugin'
 *
 * console.log(isVersion('1.2.3-rc.1'), isVersion('v1.2')) // true false
 * ```
 */
export function isVersion(version: string): boolean {
  return parse(version) !== null
}

/**
 * Which of two semantic versions is the later (section 11): negative, zero or positive; NaN where one of them is none.
 * What stands after a `+` decides nothing.
 *
 * @example
 * ```ts
 * import { compareVersions } from '@ocisign/notation-plugin'
 *
 * console.log(compareVersions('1.10.0', '1.9.0') > 0, compareVersions('1.0.0-rc.1', '1.0.0') < 0) // true true
 * ```
 */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [parse(a), parse(b)]
  if (!x || !y) return Number.NaN
  for (const part of [1, 2, 3]) {
    const order = compareNumbers(x[part]!, y[part]!)
    if (order !== 0) return order
  }
  return comparePreReleases(x[4], y[4])
}

function comparePreReleases(a: string | undefined, b: string | undefined): number {
  // Without one is later.
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  const [left, right] = [a.split('.'), b.split('.')]
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compareIdentifiers(left[index]!, right[index]!)
    if (order !== 0) return order
  }
  return left.length - right.length
}

function compareIdentifiers(a: string, b: string): number {
  const [isA, isB] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)]
  if (isA && isB) return compareNumbers(a, b)
  if (isA !== isB) return isA ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

/** Of any length: a double would take two long numbers for one. */
function compareNumbers(a: string, b: string): number {
  const [x, y] = [BigInt(a), BigInt(b)]
  return x < y ? -1 : x > y ? 1 : 0
}
