// SPDX-License-Identifier: Apache-2.0
// The codes of this package, beside those of core; docs/errors.md explains each.
import { OcisignError, printable } from '@ocisign/core'
import type { PluginErrorCode } from './protocol.js'

/** What every error of a plugin tells: which one. */
export interface PluginDetails {
  readonly plugin: string
}

declare module '@ocisign/core' {
  interface ErrorCatalogue {
    /** A name that is none, a file that is no plugin, metadata that say something else, an archive that holds none. */
    INVALID_PLUGIN: PluginDetails
    /** Not installed, could not be run, or answered with an error or with nonsense. `errorCode` is the plugin's own. */
    UNAVAILABLE_PLUGIN: PluginDetails & {
      readonly retryable: boolean
      readonly errorCode?: PluginErrorCode | undefined
    }
    /** Another version of the contract, or a plugin that cannot do what it is wanted for. */
    UNSUPPORTED_PLUGIN: PluginDetails
    /** A verification plugin said no. */
    UNTRUSTED_PLUGIN: PluginDetails & { readonly check: string; readonly reason: string }
  }
}

const shown = (plugin: string) => printable(plugin, 100)

/** What there is, is no plugin. */
export function invalidPlugin(plugin: string, why: string, cause?: unknown): OcisignError {
  const message = `the plugin "${shown(plugin)}" ${why}`
  return new OcisignError('INVALID_PLUGIN', message, { plugin: shown(plugin) }, { cause })
}

/** The plugin could not be asked, or did not answer. */
export function unavailablePlugin(
  plugin: string,
  why: string,
  { cause, ...details }: { retryable?: boolean; errorCode?: PluginErrorCode | undefined; cause?: unknown } = {},
): OcisignError<'UNAVAILABLE_PLUGIN'> {
  const message = `the plugin "${shown(plugin)}" ${why}`
  return new OcisignError(
    'UNAVAILABLE_PLUGIN',
    message,
    { plugin: shown(plugin), retryable: false, ...details },
    { cause },
  )
}

/** The plugin works, but not like this. */
export function unsupportedPlugin(plugin: string, why: string): OcisignError {
  return new OcisignError('UNSUPPORTED_PLUGIN', `the plugin "${shown(plugin)}" ${why}`, { plugin: shown(plugin) })
}

/** The options cannot be used as they are. */
export function misuse(option: string, message: string): OcisignError {
  return new OcisignError('MISUSE_OPTION', message, { option })
}
