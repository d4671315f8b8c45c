// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { platform } from 'node:process'
import { isOcisignError } from '@ocisign/core'
import { fileError } from '@ocisign/core/node'
import { executableName, findPlugin, isPluginName } from '../discover.js'
import { invalidPlugin, misuse, unavailablePlugin } from '../errors.js'
import { openPlugin, type PluginOptions } from '../plugin.js'
import type { PluginMetadata } from '../protocol.js'
import { compareVersions } from '../semver.js'
import type { PluginFile } from './archive.js'
import type { DownloadOptions } from './download.js'
import { type PluginSource, readSource } from './source.js'

/** What {@link installPlugin} needs. */
export interface InstallPluginOptions extends Omit<PluginOptions, 'name' | 'config'>, DownloadOptions {
  /**
   * The executable `notation-NAME`, a folder, a `.zip` or a `.tar.gz` with exactly one such file; or where to download a
   * file, `https://…`.
   */
  readonly source: string
  /** Of the file, in hexadecimal digits; compared before anything is run. A download needs it. */
  readonly sha256?: string | undefined
  /** Takes the place of a plugin of the same or a later version, or of one that does not work. */
  readonly force?: boolean | undefined
}

/** What was installed, and in place of what. */
export interface InstalledVersion {
  readonly installed: PluginMetadata
  readonly replaced?: PluginMetadata | undefined
}

/**
 * Installs a plugin: unpacks it, asks it for its metadata, and moves it into the plugin directory all at once. That runs
 * it, so be sure where it is from; `sha256` is compared before. What is downloaded comes by https, is smaller than 256 MiB,
 * and has to have that checksum.
 *
 * An installed plugin is only replaced by a later version. Folders, links and devices in an archive are left out; where
 * it fails, what was installed stays as it was.
 *
 * @throws INVALID_PLUGIN | INVALID_CONTENT | MISUSE_OPTION where there is such a version, or a later one, already
 * @throws UNSUPPORTED_PLUGIN | UNAVAILABLE_PLUGIN, also where it cannot be downloaded | DENIED_FILE | UNAVAILABLE_FILE
 *
 * @example
 * ```ts compile
 * import { installPlugin, pluginDirectory } from '@ocisign/notation-plugin'
 *
 * const directory = pluginDirectory('/home/me/.config/notation') // or of defaultConfigDirectory() of @ocisign/core/node
 * const { installed } = await installPlugin({ directory, source: './notation-com.example.hsm.tar.gz' })
 * console.log(installed.name, installed.version)
 * ```
 */
export async function installPlugin(options: InstallPluginOptions): Promise<InstalledVersion> {
  const { directory, source, signal } = options
  signal?.throwIfAborted()
  if (!isAbsolute(directory)) throw misuse('directory', 'the plugin directory is not an absolute path')
  const found = await readSource(source, options)
  const { name, executable } = chooseExecutable(found)
  const work = await makeWorkDirectory(directory)
  try {
    await writePlugin(join(work, name), found.files, executable)
    const { metadata } = await openPlugin({ ...options, directory: work, name })
    const replaced = await findReplaced(options, name, metadata)
    signal?.throwIfAborted()
    await replaceFolder(join(work, name), join(directory, name), join(work, '.replaced'))
    return { installed: metadata, ...(replaced && { replaced }) }
  } catch (error) {
    signal?.throwIfAborted()
    throw isOcisignError(error) ? error : fileError(error, join(directory, name), 'install')
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/**
 * Removes an installed plugin, whether it works or not.
 * @throws INVALID_PLUGIN for a name that is none | UNAVAILABLE_PLUGIN where there is none | DENIED_FILE | UNAVAILABLE_FILE
 *
 * @example
 * ```ts compile
 * import { pluginDirectory, uninstallPlugin } from '@ocisign/notation-plugin'
 *
 * await uninstallPlugin(pluginDirectory('/home/me/.config/notation'), 'com.example.hsm')
 * ```
 */
export async function uninstallPlugin(directory: string, name: string): Promise<void> {
  if (!isPluginName(name)) throw invalidPlugin(name, 'has a name that no plugin may have')
  if (!isAbsolute(directory)) throw misuse('directory', 'the plugin directory is not an absolute path')
  const work = await makeWorkDirectory(directory)
  try {
    await rename(join(directory, name), join(work, 'removed'))
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ENOENT') throw unavailablePlugin(name, 'is not installed')
    throw fileError(error, join(directory, name), 'remove')
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Which file is the plugin; there must be one and only one. */
function chooseExecutable({ name: shown, files, isLone }: PluginSource) {
  const pattern = platform === 'win32' ? /^notation-(.+)\.exe$/ : /^notation-(.+)$/
  const candidates = files.filter(({ name }) => pattern.test(name))
  const executable = candidates.filter(({ mode }) => platform === 'win32' || (mode & 0o100) !== 0)
  // Zip archives often lose who may execute what.
  const [chosen, ...others] = executable.length === 0 && !isLone ? candidates : executable
  if (!chosen) throw invalidPlugin(shown, whyNone(candidates.length > 0, isLone))
  if (others.length > 0) throw invalidPlugin(shown, `holds more than one executable called ${executableName('NAME')}`)
  const name = pattern.exec(chosen.name)![1]!
  if (!isPluginName(name)) throw invalidPlugin(name, 'has a name that no plugin may have')
  return { name, executable: chosen.name }
}

function whyNone(isCandidate: boolean, isLone: boolean): string {
  const wanted = executableName('NAME')
  if (!isLone) return `holds no executable called ${wanted}`
  if (isCandidate) return 'may not be executed; chmod u+x allows it'
  return `is neither an archive (.zip, .tar.gz) nor called ${wanted}`
}

/** Beside the plugin directory, in which every folder is taken for a plugin; on the same file system. */
async function makeWorkDirectory(directory: string): Promise<string> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 })
    return await mkdtemp(join(dirname(directory), '.ocisign-plugin-'))
  } catch (error) {
    throw fileError(error, directory, 'write to')
  }
}

async function writePlugin(folder: string, files: readonly PluginFile[], executable: string): Promise<void> {
  await mkdir(folder, { mode: 0o755 })
  for (const { name, mode, bytes } of files) {
    const path = join(folder, name)
    await writeFile(path, bytes, { flag: 'wx' })
    // As Notation does: what others could write before they cannot any more.
    await chmod(path, name === executable ? (mode & 0o755) | 0o700 : mode & 0o755)
  }
}

async function findReplaced(
  options: InstallPluginOptions,
  name: string,
  { version }: PluginMetadata,
): Promise<PluginMetadata | undefined> {
  const { force = false } = options
  let existing: PluginMetadata
  try {
    existing = (await openPlugin({ ...options, name })).metadata
  } catch (error) {
    const isMissing = isOcisignError(error, 'UNAVAILABLE_PLUGIN') && !(await isThere(options.directory, name))
    if (isMissing || (force && isOcisignError(error))) return undefined
    throw error
  }
  const order = compareVersions(version, existing.version)
  if (force || order > 0) return existing
  const how = order === 0 ? 'this version' : `a later version, ${existing.version},`
  throw misuse('force', `${how} of the plugin "${name}" is already installed; force replaces it`)
}

async function isThere(directory: string, name: string): Promise<boolean> {
  return findPlugin(directory, name).then(
    () => true,
    (error: unknown) => !isOcisignError(error, 'UNAVAILABLE_PLUGIN'),
  )
}

async function replaceFolder(from: string, to: string, aside: string): Promise<void> {
  const isReplaced = await rename(to, aside).then(
    () => true,
    (error: unknown) => {
      if ((error as { readonly code?: unknown }).code === 'ENOENT') return false
      throw error
    },
  )
  try {
    await rename(from, to)
  } catch (error) {
    if (isReplaced) await rename(aside, to)
    throw error
  }
}
