// SPDX-License-Identifier: Apache-2.0
import { printable } from '@ocisign/core'

/** Draws plain data as a tree: names, and text at the leaves. */
export function formatTree(value: object, indent = ''): string {
  const entries = Array.isArray(value)
    ? value.map((each, index): [string, unknown] => [String(index + 1), each])
    : Object.entries(value).filter(([, each]) => each !== undefined)
  if (entries.length === 0) return `${indent}└── none`
  return entries
    .map(([name, each], index) => {
      const isLast = index === entries.length - 1
      const branch = `${indent}${isLast ? '└──' : '├──'} ${printable(name)}`
      if (typeof each !== 'object' || each === null) return `${branch}: ${printable(String(each), 1000)}`
      return `${branch}\n${formatTree(each, `${indent}${isLast ? '    ' : '│   '}`)}`
    })
    .join('\n')
}
