// SPDX-License-Identifier: Apache-2.0
// Reads a command's arguments, as `parseArgs` of Node does and strictly; that one takes a millisecond to load.
import { printable } from '@ocisign/core'
import { type Invocation, misuse, type OptionSpec } from './command.js'

type Specs = Readonly<Record<string, OptionSpec>>

/** Reads `--name value`, `--name=value`, `-n value`, flags, and what stands by itself; after `--` all does. @throws MISUSE_OPTION */
export function parseInvocation(args: readonly string[], specs: Specs): Invocation {
  const values = new Map<string, string[]>()
  const positionals: string[] = []
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!
    if (argument === '--') {
      positionals.push(...args.slice(index + 1))
      break
    }
    // `-:TAG` and `-@DIGEST` are in a layout on standard input.
    if (!argument.startsWith('-') || argument === '-' || argument[1] === ':' || argument[1] === '@') {
      positionals.push(argument)
      continue
    }
    const { name, spec, attached } = readOption(argument, specs)
    const known = values.get(name) ?? []
    // Of a scope given twice, the last must not win in silence.
    if (known.length > 0 && !spec.multiple) throw misuse(`--${name} is given twice`, name)
    if (spec.type === 'boolean' && attached !== undefined) throw misuse(`--${name} takes no value`, name)
    if (spec.type === 'string' && attached === undefined) index++
    const value = spec.type === 'boolean' ? '' : (attached ?? requireValue(args[index], name, spec))
    values.set(name, [...known, value])
  }
  return {
    positionals,
    text: (name) => values.get(name)?.[0],
    texts: (name) => values.get(name) ?? [],
    flag: (name) => values.has(name),
  }
}

function readOption(argument: string, specs: Specs) {
  const isLong = argument.startsWith('--')
  const equals = argument.indexOf('=')
  const given = equals < 0 ? argument : argument.slice(0, equals)
  const name = isLong ? given.slice(2) : Object.keys(specs).find((each) => specs[each]!.short === given.slice(1))
  if (name === undefined || !Object.hasOwn(specs, name))
    throw misuse(`unknown option ${printable(given, 80)}; --help lists the options`)
  return { name, spec: specs[name]!, attached: equals < 0 ? undefined : argument.slice(equals + 1) }
}

/** A value that looks like an option is more likely one whose own value was forgotten. */
function requireValue(value: string | undefined, name: string, { value: what = 'VALUE' }: OptionSpec): string {
  if (value === undefined) throw misuse(`--${name} needs a value: --${name} ${what}`, name)
  if (value.startsWith('-') && value !== '-')
    throw misuse(`--${name} needs a value, not "${printable(value, 80)}"; write --${name}=${what} if that is it`, name)
  return value
}
