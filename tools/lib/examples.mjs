// SPDX-License-Identifier: Apache-2.0
// Finds the TypeScript examples in docstrings and in Markdown.

/**
 * The ```ts blocks of a text, each with the line it begins on. A block marked ```ts compile needs what an example
 * cannot bring along, such as a file of the reader's, and is type-checked only.
 */
export function extractExamples(path, text) {
  const inDocstrings = path.endsWith('.ts')
  const examples = []
  let block
  for (const [index, raw] of text.split('\n').entries()) {
    const line = inDocstrings ? docstringLine(raw) : raw
    const fence = line === undefined ? undefined : /^\s*```(\S*)\s*(.*)$/.exec(line)
    if (block && fence) {
      examples.push(block)
      block = undefined
    } else if (block) block.lines.push(line ?? '')
    else if (fence?.[1] === 'ts') block = { path, line: index + 1, run: fence[2] !== 'compile', lines: [] }
    else if (fence && fence[1] !== undefined) block = { skip: true, lines: [] }
  }
  if (block && !block.skip) throw new Error(`${path}:${block.line}: the block does not end`)
  return examples.filter(({ skip }) => !skip)
}

/** What stands after the asterisk of a docstring's line; undefined for a line of code. */
function docstringLine(raw) {
  return /^\s*\* ?(?!\/)(.*)$/.exec(raw)?.[1]
}
