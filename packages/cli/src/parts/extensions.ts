// SPDX-License-Identifier: Apache-2.0
// Who verifies what only a plugin understands: loaded when a signature with a trusted chain names one.
import { type AnyVerificationExtension, isOcisignError } from '@ocisign/core'
import {
  findPlugin,
  isPluginName,
  openPluginExtension,
  type PluginOptions,
  pluginDirectory,
} from '@ocisign/notation-plugin'
import { createExtension } from './aws-signer.js'

/** What {@link findExtension} needs. */
export interface ExtensionOptions extends Omit<PluginOptions, 'directory'> {
  /** Absolute. */
  readonly configDirectory: string
}

/**
 * Finds the plugin of that name among those that are installed, else our own part of what AWS Signer's plugin does;
 * undefined where there is neither.
 */
export async function findExtension({
  configDirectory,
  ...given
}: ExtensionOptions): Promise<AnyVerificationExtension | undefined> {
  const directory = pluginDirectory(configDirectory)
  // The name is the signature's: no more than a name may come of it.
  if (!isPluginName(given.name)) return undefined
  const own = createExtension()
  try {
    await findPlugin(directory, given.name)
  } catch (error) {
    if (!isOcisignError(error) || (error.code as string) !== 'UNAVAILABLE_PLUGIN') throw error
    return given.name === own.name ? own : undefined
  }
  return openPluginExtension({ ...given, directory })
}
