// SPDX-License-Identifier: Apache-2.0
// The shape of a provider's package: what the command line and every user of another provider rely on.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkManifest, type ProviderManifest, subpaths } from './manifest.js'
import { checkModules } from './modules.js'
import { checkSource } from './source.js'

/** What {@link checkProvider} accepts. */
export interface CheckProviderOptions {
  /** The folder of the package: where its package.json is. */
  readonly directory: string
  /** Loads what was built: `(url) => import(url)`. Left out, nothing is run, and only files are read. */
  readonly load?: ((url: string) => Promise<Readonly<Record<string, unknown>>>) | undefined
}

/**
 * Says what is wrong with the package of a key provider, each in one line; nothing where it is as every other.
 *
 * Looks at its files, its package.json, its sources and, with `load`, at what it exports. Does not sign anything: the
 * cases of `signingKeyCases` do, and the package has to run them.
 *
 * @example
 * ```ts
 * import { checkProvider } from '@ocisign/conformance/provider'
 *
 * const problems = await checkProvider({ directory: '.', load: (url) => import(url) })
 * for (const problem of problems) console.log(problem)
 * ```
 */
export async function checkProvider({ directory, load }: CheckProviderOptions): Promise<readonly string[]> {
  const manifestPath = join(directory, 'package.json')
  if (!existsSync(manifestPath)) return ['there is no package.json']
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as ProviderManifest
  const sources = listSources(directory, 'src')
  const tests = listSources(directory, 'test')
  const read = (path: string) => readFileSync(join(directory, path), 'utf8')
  const problems = [
    ...['src/index', 'src/key', 'src/uri/index']
      .filter((name) => !sources.some((path) => path.replace(/\.\w+$/, '') === name))
      .map((name) => `there is no ${name}.ts`),
    ...(existsSync(join(directory, 'README.md')) ? [] : ['there is no README.md']),
    ...(tests.some((path) => /\bsigningKeyCases\b/.test(read(path)))
      ? []
      : ['no file in test runs signingKeyCases of @ocisign/conformance']),
    ...checkManifest(manifest),
    ...sources.flatMap((path) => checkSource(path, read(path), manifest)),
  ]
  if (!load) return problems
  for (const subpath of subpaths) {
    const target = manifest.exports?.[subpath]?.default
    if (target === undefined) continue
    const path = join(directory, target)
    if (existsSync(path)) problems.push(...(await checkModules(subpath, await load(pathToFileURL(path).href))))
    else problems.push(`${target} is not there; build the package first`)
  }
  return problems
}

/** Sources below a folder, as paths with slashes. */
function listSources(directory: string, folder: string): readonly string[] {
  if (!existsSync(join(directory, folder))) return []
  return readdirSync(join(directory, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return listSources(directory, path)
    // Declarations run nothing.
    return /(?<!\.d)\.(?:ts|mts|js|mjs)$/.test(entry.name) ? [path] : []
  })
}
