// SPDX-License-Identifier: Apache-2.0
// What runs a command: every command's bundle has it, so that the program itself is nothing but a table.
import { parseInvocation } from './arguments.js'
import { type Command, commonOptions, describeCommand } from './command.js'
import { exitCodeOf, exitCodes } from './exit-codes.js'
import { createTerminal } from './terminal.js'

/** Runs a command to the end of the process. */
export function start(name: string, command: Command, args: readonly string[]): void {
  const controller = new AbortController()
  const debug = args.includes('--debug')
  // Where a refusal came from interests nobody else, and finding out costs time for each.
  if (!debug) Error.stackTraceLimit = 0
  const terminal = createTerminal(controller.signal, debug)
  let interrupted: 'SIGINT' | 'SIGTERM' | undefined

  /** The first signal lets a write in progress clean up after itself, the second does not wait for it. */
  const listenForSignals = () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        interrupted ??= signal
        controller.abort(new Error(`interrupted by ${signal}`))
      })
  }
  /** Says what went wrong; the process ends by itself, once everything begun is cleaned up. */
  const fail = (error: unknown) => {
    terminal.fail(error)
    process.exitCode = interrupted ? exitCodes[interrupted] : exitCodeOf(error)
  }
  // What nobody foresaw must neither pass for a yes nor show a stack to whoever did not ask.
  process.on('uncaughtException', (error) => {
    fail(error)
    process.exit()
  })
  const run = async (): Promise<number> => {
    const invocation = parseInvocation(args, { ...command.options, ...commonOptions })
    if (invocation.flag('help')) {
      terminal.print(describeCommand(name, command))
      return exitCodes.accepted
    }
    if (command.writes) listenForSignals()
    return command.run(invocation, terminal)
  }
  // Where all went well, everything begun is done, and waiting for Node to find that out takes a while.
  run()
    .finally(() => terminal.end())
    .then((code) => process.exit(interrupted ? exitCodes[interrupted] : code), fail)
}
