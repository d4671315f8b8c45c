#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs'
import type { Command } from './command.js'

interface Loaded {
  readonly command: Command
  readonly start: (name: string, command: Command, args: readonly string[]) => void
}

// A command is loaded when it is named: start-up time is what a user waits for most often.
const commands: Readonly<Record<string, string>> = {
  sign: 'sign',
  verify: 'verify',
  list: 'list',
  inspect: 'inspect',
  copy: 'copy',
  attach: 'attach',
  discover: 'discover',
  login: 'login',
  logout: 'logout',
  'blob sign': 'blob-sign',
  'blob verify': 'blob-verify',
  'policy lint': 'policy-lint',
  'policy explain': 'policy-explain',
  'policy init': 'policy-init',
  'certificate add': 'certificate-add',
  'certificate list': 'certificate-list',
  'certificate generate-test': 'certificate-generate-test',
  'certificate csr': 'certificate-csr',
  'key show': 'key-show',
  'plugin list': 'plugin-list',
  'plugin install': 'plugin-install',
  'plugin uninstall': 'plugin-uninstall',
  'plugin create': 'plugin-create',
}

/** What Notation and oras call it. */
const aliases: Readonly<Record<string, string>> = {
  cert: 'certificate',
  ls: 'list',
  cp: 'copy',
  'certificate ls': 'certificate list',
  'plugin ls': 'plugin list',
  'plugin add': 'plugin install',
  'plugin remove': 'plugin uninstall',
  'plugin rm': 'plugin uninstall',
}
const expand = (words: string) => (Object.hasOwn(aliases, words) ? aliases[words]! : words)

const [first = '', ...others] = process.argv.slice(2)
const args = [expand(first), ...others]
const pair = expand(args.slice(0, 2).join(' '))
const words = Object.hasOwn(commands, pair) ? 2 : 1
const name = words === 2 ? pair : args[0]!
const isKnown = Object.hasOwn(commands, name)
try {
  // Resolved first: the bundler would put what it can name into this file.
  const path = require.resolve(`./commands/${isKnown ? commands[name] : 'help'}.js`)
  const { command, start } = require(path) as Loaded
  start(name, command, isKnown ? args.slice(words) : ['--', ...args])
} catch (error) {
  // Node's own exit code for this would be a definite no.
  const [reason] = String((error as Error).message).split('\n')
  writeSync(2, `ocisign: cannot start: ${reason}; install it again\n`)
  process.exitCode = 3
}
