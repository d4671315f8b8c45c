// SPDX-License-Identifier: Apache-2.0
// Where Notation keeps its configuration.
import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'
import process from 'node:process'
import { OcisignError } from '../errors.js'
import type { TrustPolicyKind } from '../notary/policy/document.js'

/** What decides where the configuration is; this process by default. */
export interface ConfigEnvironment {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** As `process.platform` names it. */
  readonly platform?: string
  /** The user's home directory, where `env` has no HOME. */
  readonly home?: string
}

/**
 * The directory that Notation keeps its configuration in: `$XDG_CONFIG_HOME/notation` or `~/.config/notation`,
 * `~/Library/Application Support/notation` on macOS, `%AppData%\notation` on Windows. It need not exist.
 *
 * Notation itself falls back to the folder it was started in; whoever can write there would decide what is trusted,
 * so here that is an error.
 * @throws MISUSE_OPTION where no absolute directory follows from the environment
 */
export function defaultConfigDirectory(environment: ConfigEnvironment = {}): string {
  const { env = process.env, platform = process.platform } = environment
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix
  const require = (directory: string | undefined, variable: string): string => {
    if (directory !== undefined && isAbsolute(directory)) return directory
    const why = directory ? 'is not an absolute path' : 'is not set'
    const message = `no configuration directory follows from the environment: ${variable} ${why}; name the directory`
    throw new OcisignError('MISUSE_OPTION', message, { option: variable })
  }
  if (platform === 'win32') return join(require(findIgnoringCase(env, 'AppData'), 'AppData'), 'notation')
  const home = () => require(env.HOME || (environment.home ?? homedir()), 'HOME')
  if (platform === 'darwin') return join(home(), 'Library', 'Application Support', 'notation')
  if (env.XDG_CONFIG_HOME) return join(require(env.XDG_CONFIG_HOME, 'XDG_CONFIG_HOME'), 'notation')
  return join(home(), '.config', 'notation')
}

/** Windows does not tell `APPDATA` from `AppData`. */
function findIgnoringCase(env: NonNullable<ConfigEnvironment['env']>, name: string): string | undefined {
  const found = Object.keys(env).find((each) => each.toLowerCase() === name.toLowerCase())
  return found === undefined ? undefined : env[found]
}

/** The files of a configuration directory that hold a trust policy; the first that is there is the one in use. */
export const trustPolicyFiles: Readonly<Record<TrustPolicyKind, readonly [string, ...string[]]>> = {
  oci: ['trustpolicy.oci.json', 'trustpolicy.json'],
  blob: ['trustpolicy.blob.json'],
}

/** The file of a configuration directory that lists keys. */
export const signingKeysFile = 'signingkeys.json'

/** The folders of a configuration directory that hold trust stores: `truststore/x509/TYPE/NAME`. */
export const trustStoreFolders: readonly string[] = ['truststore', 'x509']
