// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { posix, win32 } from 'node:path'

/** How to start a program. */
export interface Command {
  readonly file: string
  readonly arguments: readonly string[]
  readonly verbatim: boolean
}

/** What decides where programs are. */
export interface ProgramEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>
  /** As `process.platform` names it. */
  readonly platform: string
}

/**
 * Finds a program on the PATH: in absolute directories only, so that nobody starts what lies in the folder one happens to
 * be in. Undefined where there is none. `name` and `argument` are plain words.
 */
export async function findProgram(
  name: string,
  argument: string,
  environment: ProgramEnvironment,
): Promise<Command | undefined> {
  const isWindows = environment.platform === 'win32'
  const { delimiter, isAbsolute, join } = isWindows ? win32 : posix
  const directories = (variable(environment, 'PATH') ?? '').split(delimiter)
  const names = isWindows ? [`${name}.exe`, `${name}.cmd`, ...(/\.exe$/i.test(name) ? [name] : [])] : [name]
  for (const directory of directories) {
    if (!isAbsolute(directory)) continue
    for (const each of names) {
      const file = join(directory, each)
      if (await isProgram(file, isWindows)) return commandOf(file, argument, environment)
    }
  }
  return undefined
}

async function isProgram(file: string, isWindows: boolean): Promise<boolean> {
  try {
    if (!(await stat(file)).isFile()) return false
    if (!isWindows) await access(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A batch file is started by Windows' own interpreter, which is told nothing that it could take for more than a path. */
export function commandOf(file: string, argument: string, environment: ProgramEnvironment): Command | undefined {
  if (!file.toLowerCase().endsWith('.cmd')) return { file, arguments: [argument], verbatim: false }
  if (/["%!^\r\n]/.test(file)) return undefined
  const interpreter = win32.join(variable(environment, 'SystemRoot') ?? 'C:\\Windows', 'System32', 'cmd.exe')
  return { file: interpreter, arguments: ['/d', '/v:off', '/s', '/c', `""${file}" ${argument}"`], verbatim: true }
}

/** Windows does not tell `Path` from `PATH`. */
function variable({ env, platform }: ProgramEnvironment, name: string): string | undefined {
  if (platform !== 'win32') return env[name]
  const found = Object.keys(env).find((each) => each.toLowerCase() === name.toLowerCase())
  return found === undefined ? undefined : env[found]
}
