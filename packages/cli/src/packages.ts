// SPDX-License-Identifier: Apache-2.0
// Packages that users install themselves: client libraries of key services, and providers of others.
import { dirname, join } from 'node:path'
import { compileFunction, constants } from 'node:vm'
import { OcisignError } from '@ocisign/core'

type Import = (specifier: string) => Promise<Readonly<Record<string, unknown>>>

/**
 * An import as a module in that folder would do it. The program itself is CommonJS, of which each `import()` was made a
 * `require`, and it looks in one place only.
 */
function importerIn(folder: string): Import {
  return compileFunction('return import(specifier)', ['specifier'], {
    filename: join(folder, 'ocisign.js'),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }) as Import
}

/** Beside the program first: what is there is trusted as it is; the working directory may be anybody's checkout. */
const places = (): readonly string[] => [__dirname, dirname(process.argv[1] ?? __dirname), process.cwd()]

/** What of a package to load, and which version is known to work. */
export interface PackageOptions {
  /** `/uri`, say. */
  readonly subpath?: string
  /** For the command that installs it: newer ones may need a newer Node. */
  readonly version?: string
}

/**
 * Loads a package from where the user installed it: beside the program, or in the working directory or above it.
 * @throws MISUSE_PACKAGE where it is in neither place, with the command that installs it
 */
export async function importPackage(
  name: string,
  { subpath = '', version }: PackageOptions = {},
): Promise<Readonly<Record<string, unknown>>> {
  // What Node and libraries warn of, old versions say, is for programmers; this program's lines are for its users.
  if (!process.argv.includes('--debug')) process.removeAllListeners('warning')
  let missing: unknown
  for (const place of places())
    try {
      return await importerIn(place)(`${name}${subpath}`)
    } catch (error) {
      if (!isMissing(error, name)) throw error
      missing = error
    }
  const wanted = version === undefined ? name : `${name}@${version}`
  const message = `the package ${name} is needed and not installed; npm install ${wanted} in this directory, or beside ocisign`
  throw new OcisignError('MISUSE_PACKAGE', message, { package: name }, { cause: missing })
}

/** Another package that is missing inside it is another trouble. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message = '' } = (error ?? {}) as { readonly code?: string; readonly message?: string }
  return code === 'ERR_MODULE_NOT_FOUND' && message.startsWith(`Cannot find package '${name}'`)
}
