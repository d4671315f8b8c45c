// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, encodeText, isOcisignError, limits, type OcisignError, printable } from '@ocisign/core'
import { findPlugin, type InstalledPlugin } from './discover.js'
import { invalidPlugin, misuse, unavailablePlugin, unsupportedPlugin } from './errors.js'
import { type ProcessResult, runProcess } from './process.js'
import {
  contractVersion,
  type PluginCapability,
  type PluginCommand,
  type PluginConfig,
  type PluginMetadata,
  parsePluginFailure,
  parsePluginMetadata,
} from './protocol.js'
import { createQueue, type Queue } from './queue.js'

/** Which plugin, and how it is run. */
export interface PluginOptions extends CallOptions {
  /** Notation's plugin directory, absolute: `pluginDirectory(defaultConfigDirectory())`. */
  readonly directory: string
  readonly name: string
  /** Settings that go to the plugin as they are. */
  readonly config?: PluginConfig | undefined
  /** All that the plugin sees of the environment; that of this process by default, as Notation does. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** For one run of the plugin; 60,000 by default. */
  readonly timeoutMilliseconds?: number | undefined
  /** Gets what the plugin wrote to its standard error, made printable and cut at 4,096 characters: to show to people. */
  readonly onStandardError?: ((text: string) => void) | undefined
}

/** A plugin that said what it is and can do. */
export interface Plugin {
  readonly name: string
  readonly path: string
  readonly metadata: PluginMetadata
}

/** A plugin that may be asked. */
export interface OpenPlugin extends Plugin {
  /**
   * Asks one thing.
   * @throws UNAVAILABLE_PLUGIN | UNSUPPORTED_PLUGIN | INVALID_PLUGIN where the file changed | the signal's reason
   */
  ask<T>(question: Question<T>, options?: CallOptions): Promise<T>
}

/** What is asked, and how the answer is read. */
export interface Question<T> {
  readonly command: PluginCommand
  readonly request: Readonly<Record<string, unknown>>
  /** Of the answer. */
  readonly maxBytes: number
  readonly parse: (bytes: Uint8Array, plugin: string) => T
}

const maxMetadataBytes = 64 * 1024
const maxProcesses = 8

/**
 * Finds an installed plugin and asks it for its metadata. From then on the file must stay what it is.
 *
 * @throws INVALID_PLUGIN | UNSUPPORTED_PLUGIN | UNAVAILABLE_PLUGIN | DENIED_FILE | UNAVAILABLE_FILE | MISUSE_OPTION
 *
 * @example
 * ```ts compile
 * import { openPlugin, pluginDirectory } from '@ocisign/notation-plugin'
 *
 * const directory = pluginDirectory('/home/me/.config/notation') // or of defaultConfigDirectory() of @ocisign/core/node
 * const { metadata } = await openPlugin({ directory, name: 'com.example.hsm' })
 * console.log(metadata.version, metadata.capabilities)
 * ```
 */
export async function openPlugin(options: PluginOptions): Promise<OpenPlugin> {
  const { timeoutMilliseconds = limits.deadlineMilliseconds, signal } = options
  if (!(Number.isInteger(timeoutMilliseconds) && timeoutMilliseconds > 0 && timeoutMilliseconds < 2 ** 31))
    throw misuse('timeoutMilliseconds', 'timeoutMilliseconds is a whole number above 0')
  signal?.throwIfAborted()
  const installed = await findPlugin(options.directory, options.name)
  const config = Object.entries(options.config ?? {})
  for (const [key, value] of config)
    if (key === '' || typeof value !== 'string') throw misuse('config', 'plugin configuration has names and texts only')
  const asker: Asker = {
    ...options,
    installed,
    timeoutMilliseconds,
    config: config.length > 0 ? Object.fromEntries(config) : undefined,
    queue: createQueue(maxProcesses),
  }
  const metadata = await askPlugin(
    asker,
    { command: 'get-plugin-metadata', request: {}, maxBytes: maxMetadataBytes, parse: parsePluginMetadata },
    { signal },
    (cause) => invalidPlugin(installed.name, 'has metadata that cannot be read', cause),
  )
  const { name, path } = installed
  return {
    name,
    path,
    metadata,
    ask: (question, callOptions = {}) =>
      askPlugin(asker, { ...question, request: { contractVersion, ...question.request } }, callOptions, (cause) =>
        unavailablePlugin(name, `gave an answer to ${question.command} that cannot be read`, { cause }),
      ),
  }
}

/** Holds a plugin to what it is wanted for. @throws UNSUPPORTED_PLUGIN */
export function requireCapability({ name, metadata }: Plugin, capability: PluginCapability, instead = ''): void {
  if (metadata.capabilities.includes(capability)) return
  throw unsupportedPlugin(name, `has no ${capability}${instead}`)
}

interface Asker extends Omit<PluginOptions, 'signal'> {
  readonly installed: InstalledPlugin
  readonly timeoutMilliseconds: number
  readonly queue: Queue
}

async function askPlugin<T>(
  asker: Asker,
  { command, request, maxBytes, parse }: Question<T>,
  { signal }: CallOptions,
  toError: (cause: OcisignError) => OcisignError,
): Promise<T> {
  const { installed, config, environment = inheritedEnvironment(), timeoutMilliseconds } = asker
  const { name, path } = installed
  const input = encodeText(JSON.stringify({ ...request, ...(config && { pluginConfig: config }) }))
  const result = await asker.queue(
    async () => {
      await requireUnchanged(asker)
      return runProcess({ plugin: name, path, command, input, maxBytes, timeoutMilliseconds, environment, signal })
    },
    { signal },
  )
  report(asker, result)
  if (result.exitCode !== 0) throw failureOf(name, command, result)
  try {
    return parse(result.output, name)
  } catch (cause) {
    if (isOcisignError(cause, 'INVALID_PLUGIN') && command === 'get-plugin-metadata') throw cause
    if (!isOcisignError(cause) || isOcisignError(cause, 'UNSUPPORTED_PLUGIN')) throw cause
    throw toError(cause)
  }
}

const inheritedEnvironment = (environment = process.env) => environment

/** What was looked at when the plugin was opened has to be what runs. */
async function requireUnchanged({ directory, installed }: Asker): Promise<void> {
  const { fingerprint } = await findPlugin(directory, installed.name)
  if (fingerprint === installed.fingerprint) return
  throw invalidPlugin(installed.name, 'was changed since it was opened; open it again')
}

function report({ onStandardError }: Asker, { errors }: ProcessResult): void {
  if (!onStandardError || errors.length === 0) return
  const text = new TextDecoder().decode(errors.subarray(0, 16 * 1024))
  onStandardError(
    text
      .split('\n', 100)
      .map((line) => printable(line, 1000))
      .join('\n')
      .slice(0, 4096),
  )
}

/** What a plugin that failed says of it; text that is no error of the contract is not repeated: it may hold anything. */
function failureOf(plugin: string, command: PluginCommand, { exitCode, errors }: ProcessResult): OcisignError {
  if (exitCode !== 1) {
    const how = exitCode === null ? 'was ended by a signal' : `ended with ${exitCode}`
    return unavailablePlugin(plugin, `${how} when it was asked to ${command}`)
  }
  try {
    const { errorCode, errorMessage } = parsePluginFailure(errors, plugin)
    const said = `says to ${command}: ${errorCode}${errorMessage && `: ${printable(errorMessage.trim(), 300)}`}`
    if (errorCode === 'UNSUPPORTED_CONTRACT_VERSION') return unsupportedPlugin(plugin, said)
    const retryable = errorCode === 'TIMEOUT' || errorCode === 'THROTTLED'
    return unavailablePlugin(plugin, said, { retryable, errorCode })
  } catch (error) {
    if (!isOcisignError(error)) throw error
    return unavailablePlugin(
      plugin,
      `failed when it was asked to ${command}, and did not say why in a way to be read; run it by hand to see`,
    )
  }
}
