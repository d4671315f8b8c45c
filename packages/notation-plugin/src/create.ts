// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { printable } from '@ocisign/core'
import { fileError } from '@ocisign/core/node'
import { isPluginName } from './discover.js'
import { misuse } from './errors.js'
import { isVersion } from './semver.js'

/** What {@link writePluginProject} needs. */
export interface PluginProjectOptions {
  /** Where the folder of the plugin is made: Notation's plugin directory, or any other. */
  readonly directory: string
  /** Of the plugin: `com.example.aws`. */
  readonly name: string
  /** The package with the keys, whose subpath `./uri` opens them, and its version. */
  readonly provider: { readonly package: string; readonly version: string }
  /** Further packages that it needs: the client library of the service, with its version. */
  readonly dependencies?: Readonly<Record<string, string>> | undefined
  /** The version of this package to use. */
  readonly hostVersion: string
  /** Of the plugin; 1.0.0 by default. */
  readonly version?: string | undefined
  readonly description?: string | undefined
  readonly url?: string | undefined
}

/** What was written. */
export interface PluginProject {
  readonly folder: string
  /** Run `npm install` in the folder, and Notation finds it. */
  readonly executable: string
}

const packageName = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/
const versionRange = /^[\^~]?[0-9A-Za-z.+-]+$/

/**
 * Writes a Notation plugin for the keys of a provider: `package.json`, `plugin.mjs` and the executable `notation-NAME`.
 * Installs no package and runs nothing.
 *
 * The executable is a script, which Windows does not run.
 * @throws MISUSE_OPTION where there is such a folder already | DENIED_FILE | UNAVAILABLE_FILE
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises'
 * import { writePluginProject } from '@ocisign/notation-plugin'
 *
 * const { folder } = await writePluginProject({
 *   directory: process.cwd(),
 *   name: 'com.example.vault',
 *   provider: { package: '@ocisign/provider-vault', version: '^0.1.0' },
 *   hostVersion: '^0.1.0',
 * })
 * console.log(await readFile(`${folder}/plugin.mjs`, 'utf8')) // then: npm install
 * ```
 */
export async function writePluginProject(options: PluginProjectOptions): Promise<PluginProject> {
  const { directory, name, provider, hostVersion, dependencies = {} } = options
  const { version = '1.0.0', description = `Keys of ${provider.package}`, url } = options
  if (!isPluginName(name)) throw misuse('name', 'the name of a plugin has letters, digits, ".", "_" and "-" only')
  if (!isVersion(version)) throw misuse('version', 'the version of a plugin is a semantic version: 1.0.0')
  const packages = { '@ocisign/notation-plugin': hostVersion, [provider.package]: provider.version, ...dependencies }
  for (const [each, range] of Object.entries(packages))
    if (!packageName.test(each) || each.length > 214 || !versionRange.test(range))
      throw misuse('provider', `${printable(`${each}@${range}`, 200)} is no package and version as npm knows them`)
  const folder = join(directory, name)
  const executable = join(folder, `notation-${name}`)
  const metadata = { name, version, description, url: url ?? `https://www.npmjs.com/package/${provider.package}` }
  const files: Readonly<Record<string, string>> = {
    // No "type": without an extension, what Node is to run has to be CommonJS.
    'package.json': `${JSON.stringify({ name: packageNameOf(name), version, private: true, description, dependencies: packages }, null, 2)}\n`,
    'plugin.mjs': moduleOf(provider.package, metadata),
    [`notation-${name}`]: `#!/usr/bin/env node\nimport('./plugin.mjs')\n`,
  }
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 })
    await mkdir(folder, { mode: 0o755 })
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text, { flag: 'wx' })
    await chmod(executable, 0o755)
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'EEXIST')
      throw misuse('name', `there is already a folder for the plugin "${name}"; remove it, or choose another name`)
    throw fileError(error, folder, 'write')
  }
  return { folder, executable }
}

const packageNameOf = (name: string) => `notation-${name.toLowerCase()}`

const moduleOf = (
  provider: string,
  metadata: Readonly<Record<string, string>>,
) => `// A Notation plugin: \`notation key add KEY --plugin ${metadata.name} --id URI\`, where URI names a key as ${provider} does.
import { createNotationPlugin } from '@ocisign/notation-plugin/host'

const plugin = createNotationPlugin({
${Object.entries(metadata)
  .map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`)
  .join('\n')}
  keys: async () => [await import(${JSON.stringify(`${provider}/uri`)})],
})
// Not awaited, so that it can be bundled as CommonJS, too.
plugin.run()
`
