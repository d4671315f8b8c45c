// SPDX-License-Identifier: Apache-2.0

export { type PluginProject, type PluginProjectOptions, writePluginProject } from './create.js'
export {
  findPlugin,
  type InstalledPlugin,
  isPluginName,
  type ListedPlugin,
  listPlugins,
  pluginDirectory,
} from './discover.js'
export type { PluginDetails } from './errors.js'
export type { DownloadOptions, DownloadProgress } from './install/download.js'
export {
  type InstalledVersion,
  type InstallPluginOptions,
  installPlugin,
  uninstallPlugin,
} from './install/install.js'
export { keyUri, openPluginKey, type PluginKeyOptions } from './key.js'
export { type OpenPlugin, openPlugin, type Plugin, type PluginOptions, type Question } from './plugin.js'
export type {
  PluginCapability,
  PluginCommand,
  PluginConfig,
  PluginErrorCode,
  PluginMetadata,
  VerifierCapability,
} from './protocol.js'
export { compareVersions, isVersion } from './semver.js'
export { openPluginSigner, type PluginSignerOptions } from './signer.js'
export { openPluginExtension } from './verifier.js'
