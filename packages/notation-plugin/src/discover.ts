// SPDX-License-Identifier: Apache-2.0
// Where plugins are: PLUGIN_DIRECTORY/NAME/notation-NAME and nowhere else (plugin-extensibility, plugin installation path).
import { constants, type Stats } from 'node:fs'
import { access, lstat, opendir } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { platform } from 'node:process'
import { isOcisignError, OcisignError } from '@ocisign/core'
import { fileError } from '@ocisign/core/node'
import { invalidPlugin, misuse, unavailablePlugin } from './errors.js'

/** A plugin that is installed, as far as its file shows. */
export interface InstalledPlugin {
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** Changes when the file does. */
  readonly fingerprint: string
}

const maxPlugins = 1000

/**
 * Where Notation's configuration directory has its plugins.
 *
 * @example
 * ```ts
 * import { pluginDirectory } from '@ocisign/notation-plugin'
 *
 * console.log(pluginDirectory('/home/me/.config/notation')) // /home/me/.config/notation/plugins
 * ```
 */
export function pluginDirectory(configDirectory: string): string {
  return join(configDirectory, 'plugins')
}

/**
 * Tells whether a plugin may be called so: a name becomes a part of a path, and must not lead elsewhere.
 *
 * @example
 * ```ts
 * import { isPluginName } from '@ocisign/notation-plugin'
 *
 * console.log(isPluginName('com.example.hsm'), isPluginName('../hsm')) // true false
 * ```
 */
export function isPluginName(name: string): boolean {
  return name.length <= 200 && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)
}

/** The name of a plugin's executable file. */
export function executableName(name: string, system: string = platform): string {
  return `notation-${name}${system === 'win32' ? '.exe' : ''}`
}

/**
 * Finds a plugin by its exact name. Its folder and its file must be what they seem: a symbolic link, anything but a
 * regular file, and a file that may not be executed are refused. Nothing is run, and `PATH` is not looked at.
 *
 * @throws INVALID_PLUGIN | UNAVAILABLE_PLUGIN where there is none | MISUSE_OPTION for a relative directory
 * @throws DENIED_FILE | UNAVAILABLE_FILE
 *
 * @example
 * ```ts compile
 * import { findPlugin, pluginDirectory } from '@ocisign/notation-plugin'
 *
 * const { path } = await findPlugin(pluginDirectory('/home/me/.config/notation'), 'com.example.hsm')
 * console.log(path)
 * ```
 */
export async function findPlugin(directory: string, name: string): Promise<InstalledPlugin> {
  if (!isAbsolute(directory)) throw misuse('directory', 'the plugin directory is not an absolute path')
  if (!isPluginName(name))
    throw invalidPlugin(name, 'has a name that no plugin may have: letters, digits, ".", "_", "-"')
  const folder = join(resolve(directory), name)
  const path = join(folder, executableName(name))
  const folderStatus = await statusOf(folder, name)
  if (!folderStatus.isDirectory())
    throw invalidPlugin(name, 'has no folder of its own; symbolic links are not followed')
  const status = await statusOf(path, name)
  if (!status.isFile())
    throw invalidPlugin(name, 'has an executable that is no regular file; symbolic links are not followed')
  if (!(await mayExecute(path, status)))
    throw invalidPlugin(name, `may not be executed; chmod u+x ${executableName(name)} allows it`)
  const { dev, ino, size, mtimeMs, ctimeMs, mode } = status
  return { name, path, fingerprint: [dev, ino, size, mtimeMs, ctimeMs, mode].join(':') }
}

async function statusOf(path: string, name: string): Promise<Stats> {
  try {
    return await lstat(path)
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw fileError(error, path, 'look at')
    throw unavailablePlugin(name, `is not installed: there is no ${path}`, { cause: error })
  }
}

async function mayExecute(path: string, { mode }: Stats): Promise<boolean> {
  if (platform === 'win32') return true
  if ((mode & 0o111) === 0) return false
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** A folder among the plugins: a plugin, or what is wrong with it. */
export type ListedPlugin =
  | (InstalledPlugin & { readonly error?: undefined })
  | { readonly name: string; readonly error: OcisignError }

/**
 * Lists the folders of the plugin directory, by name; none where there is no such directory. Runs nothing.
 * @throws DENIED_FILE | UNAVAILABLE_FILE | MISUSE_OPTION
 *
 * @example
 * ```ts
 * import { listPlugins, pluginDirectory } from '@ocisign/notation-plugin'
 *
 * for (const { name, error } of await listPlugins(pluginDirectory('/home/me/.config/notation')))
 *   console.log(name, error ? error.message : 'works')
 * ```
 */
export async function listPlugins(directory: string): Promise<readonly ListedPlugin[]> {
  if (!isAbsolute(directory)) throw misuse('directory', 'the plugin directory is not an absolute path')
  const names: string[] = []
  try {
    for await (const entry of await opendir(directory)) {
      if (!entry.isDirectory()) continue
      names.push(entry.name)
      if (names.length > maxPlugins) {
        const details = { path: directory, retryable: false }
        throw new OcisignError('UNAVAILABLE_FILE', `there are more than ${maxPlugins} folders in ${directory}`, details)
      }
    }
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ENOENT') return []
    throw fileError(error, directory, 'list')
  }
  return Promise.all(names.sort().map((name) => listed(directory, name)))
}

async function listed(directory: string, name: string): Promise<ListedPlugin> {
  try {
    return await findPlugin(directory, name)
  } catch (error) {
    if (isOcisignError(error)) return { name, error }
    throw error
  }
}
