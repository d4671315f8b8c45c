// SPDX-License-Identifier: Apache-2.0
// WWW-Authenticate (RFC 9110 section 11.6.1): what a registry says it wants to see.

/** One way to authenticate that a server names. */
export interface Challenge {
  /** In lower case: `basic`, `bearer` … */
  readonly scheme: string
  /** By name, in lower case; the values of quoted strings without their quotes. */
  readonly parameters: ReadonlyMap<string, string>
}

const bounds = { characters: 16 * 1024, challenges: 8, parameters: 16 }

// Sticky, and without repetition inside repetition: each looks at a character once.
const patterns = {
  token: /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y,
  opaque: /[A-Za-z0-9._~+/-]+=*/y,
  quoted: /"((?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*)"/y,
  space: /[ \t]*/y,
  commas: /[ \t,]*/y,
}

/**
 * Reads the challenges of a 401, several headers joined by commas. Undefined where they are malformed, a parameter comes
 * twice, or there is more than any server has to say: nothing is guessed, since credentials go where this points.
 */
export function readChallenges(header: string): readonly Challenge[] | undefined {
  if (header.length > bounds.characters) return undefined
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = []
  let position = 0
  // Whether the challenge at hand may have one more parameter: not after an opaque text.
  let isOpen = false

  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position
    const found = pattern.exec(header) ?? undefined
    if (found) position = pattern.lastIndex
    return found
  }
  const isAtEnd = () => position === header.length || header[position] === ','

  /** Takes `name = value`; where that is not what comes next, nothing. */
  const takeParameter = (): readonly [string, string] | undefined => {
    const start = position
    const name = take(patterns.token)?.[0].toLowerCase()
    take(patterns.space)
    if (name !== undefined && header[position] === '=') {
      position++
      take(patterns.space)
      const value = take(patterns.quoted)?.[1]?.replace(/\\(.)/g, '$1') ?? take(patterns.token)?.[0]
      take(patterns.space)
      if (value !== undefined && isAtEnd()) return [name, value]
    }
    position = start
    return undefined
  }
  const keep = ([name, value]: readonly [string, string]): boolean => {
    const parameters = challenges.at(-1)?.parameters
    if (!parameters || !isOpen || parameters.has(name) || parameters.size === bounds.parameters) return false
    parameters.set(name, value)
    return true
  }

  for (;;) {
    take(patterns.commas)
    if (position === header.length) return challenges
    const parameter = takeParameter()
    if (parameter) {
      if (!keep(parameter)) return undefined
      continue
    }
    const scheme = take(patterns.token)?.[0].toLowerCase()
    if (scheme === undefined || challenges.length === bounds.challenges) return undefined
    challenges.push({ scheme, parameters: new Map() })
    isOpen = true
    const afterScheme = position
    take(patterns.space)
    if (isAtEnd()) continue
    if (position === afterScheme) return undefined
    const first = takeParameter()
    if (first) keep(first)
    else {
      isOpen = false
      if (!take(patterns.opaque)) return undefined
      take(patterns.space)
      if (!isAtEnd()) return undefined
    }
  }
}
