#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.js'

interface Loaded {
  readonly command: Command
  readonly start: (name: string, command: Command, args: readonly string[]) => void
}

// A command is loaded when it is named: start-up time is what a user waits for most often.
const commands: Readonly<Record<string, () => Promise<Loaded>>> = {
  sign: () => import('./commands/sign.js'),
  verify: () => import('./commands/verify.js'),
  list: () => import('./commands/list.js'),
  inspect: () => import('./commands/inspect.js'),
  'blob sign': () => import('./commands/blob-sign.js'),
  'blob verify': () => import('./commands/blob-verify.js'),
  'policy lint': () => import('./commands/policy-lint.js'),
  'policy explain': () => import('./commands/policy-explain.js'),
  'policy init': () => import('./commands/policy-init.js'),
  'certificate add': () => import('./commands/certificate-add.js'),
  'certificate list': () => import('./commands/certificate-list.js'),
  'certificate generate-test': () => import('./commands/certificate-generate-test.js'),
}

/** What Notation calls it. */
const aliases: Readonly<Record<string, string>> = { cert: 'certificate', ls: 'list' }

const [first = '', ...others] = process.argv.slice(2)
const args = [Object.hasOwn(aliases, first) ? aliases[first]! : first, ...others]
const words = Object.hasOwn(commands, args.slice(0, 2).join(' ')) ? 2 : 1
const name = args.slice(0, words).join(' ')
if (Object.hasOwn(commands, name))
  commands[name]!().then(({ command, start }) => start(name, command, args.slice(words)))
else import('./commands/help.js').then(({ command, start }) => start('help', command, ['--', ...args]))
