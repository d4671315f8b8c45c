// SPDX-License-Identifier: Apache-2.0
// What the commands for Notation plugins share.
import { resolve } from 'node:path'
import type { Invocation } from './command.js'
import { configDirectoryOf } from './config.js'

/** The part that knows plugins, and the plugin directory in use. */
export async function openPluginDirectory(invocation: Invocation) {
  const plugins = await import('./parts/notation-plugin.js')
  return { ...plugins, directory: plugins.pluginDirectory(resolve(configDirectoryOf(invocation))) }
}
