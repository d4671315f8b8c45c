// SPDX-License-Identifier: Apache-2.0
// How long a file may be, and how it begins.

export const budgets = { source: 400, sourceWarning: 250, test: 600 }
const spdx = '// SPDX-License-Identifier: Apache-2.0'

/** What is wrong with the first line: every source states its licence, after a `#!` where it has one. */
export function checkLicence(path, text) {
  const [first, second] = text.split('\n', 2)
  const line = first.startsWith('#!') ? second : first
  return line === spdx ? [] : [`${path}:1: begins with "${spdx}"`]
}

/** Lines as `wc -l` counts them. */
export const countLines = (text) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** What is wrong with the length of a file. */
export function checkLength(path, lines) {
  const limit = /\/test\/|\.test\.ts$/.test(path) ? budgets.test : budgets.source
  return lines > limit ? [`${path}: ${lines} lines; at most ${limit}`] : []
}

/** The figure below which a share of the values lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}
