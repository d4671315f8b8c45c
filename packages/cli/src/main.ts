#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { printable } from '@ocisign/core'
import { type Command, commonOptions, describeCommand, misuse, parseInvocation, type Terminal } from './command.js'
import { exitCodeOf, exitCodes } from './exit-codes.js'
import { createTerminal } from './terminal.js'

// A command is loaded when it is named: start-up time is what a user waits for most often.
const commands: Readonly<
  Record<string, readonly [summary: string, load: () => Promise<{ readonly command: Command }>]>
> = {
  sign: ['Sign artifacts', () => import('./commands/sign.js')],
  verify: ['Verify artifacts against a trust policy', () => import('./commands/verify.js')],
  list: ['List the signatures of an artifact', () => import('./commands/list.js')],
  inspect: ['Show what the signatures of an artifact say, unverified', () => import('./commands/inspect.js')],
  'blob sign': ['Sign a file', () => import('./commands/blob-sign.js')],
  'blob verify': ['Verify a file against its signature', () => import('./commands/blob-verify.js')],
  'policy lint': ['Explain what is wrong with a trust policy', () => import('./commands/policy-lint.js')],
  'policy explain': ['Show which trust policy a reference selects', () => import('./commands/policy-explain.js')],
  'policy init': ['Write a first trust policy', () => import('./commands/policy-init.js')],
  'certificate add': ['Add certificates to a trust store', () => import('./commands/certificate-add.js')],
  'certificate list': ['List the certificates of the trust stores', () => import('./commands/certificate-list.js')],
  'certificate generate-test': ['Make a key for testing', () => import('./commands/certificate-generate-test.js')],
}

/** What Notation calls it. */
const aliases: Readonly<Record<string, string>> = { cert: 'certificate', ls: 'list' }

function describeAll(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  return [
    'ocisign signs and verifies OCI artifacts and files.',
    '',
    'Usage: ocisign COMMAND [options]',
    '',
    'Commands:',
    ...Object.entries(commands).map(([name, [summary]]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'ocisign COMMAND --help explains a command; ocisign --version says which version this is.',
  ].join('\n')
}

async function run(given: readonly string[], terminal: Terminal): Promise<number> {
  const [first = '', ...others] = given
  if (['', 'help', '--help', '-h'].includes(first)) {
    if (first === '') throw misuse('name a command; ocisign --help lists them')
    terminal.print(describeAll())
    return exitCodes.accepted
  }
  if (first === '--version' || first === 'version') {
    terminal.print((await import('./version.js')).version)
    return exitCodes.accepted
  }
  const args = [Object.hasOwn(aliases, first) ? aliases[first]! : first, ...others]
  const words = Object.hasOwn(commands, args.slice(0, 2).join(' ')) ? 2 : 1
  const name = args.slice(0, words).join(' ')
  if (!Object.hasOwn(commands, name)) throw misuse(explainUnknown(args))
  const { command } = await commands[name]![1]()
  const invocation = parseInvocation(args.slice(words), { ...command.options, ...commonOptions })
  if (!invocation.flag('help')) return command.run(invocation, terminal)
  terminal.print(describeCommand(name, command))
  return exitCodes.accepted
}

function explainUnknown(args: readonly string[]): string {
  const inGroup = Object.keys(commands).filter((name) => name.startsWith(`${args[0]} `))
  if (inGroup.length > 0)
    return `ocisign ${args[0]} is followed by ${inGroup.map((name) => name.split(' ')[1]).join(', ')}`
  return `there is no command "${printable(String(args[0]), 40)}"; ocisign --help lists them`
}

const controller = new AbortController()
const { signal } = controller
const args = process.argv.slice(2)
const terminal = createTerminal(signal, args.includes('--debug'))
let interrupted: 'SIGINT' | 'SIGTERM' | undefined

/** Says what went wrong; the process ends by itself, once everything begun is cleaned up. */
function fail(error: unknown): void {
  terminal.fail(error)
  process.exitCode = interrupted ? exitCodes[interrupted] : exitCodeOf(error)
}

// The first signal lets a write in progress clean up after itself, the second does not wait for it.
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => {
    interrupted ??= name
    controller.abort(new Error(`interrupted by ${name}`))
  })
// What nobody foresaw must neither pass for a yes nor show a stack to whoever did not ask.
process.on('uncaughtException', (error) => {
  fail(error)
  process.exit()
})

run(args, terminal).then((code) => {
  process.exitCode = interrupted ? exitCodes[interrupted] : code
}, fail)
