// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./bin/notation', import.meta.url))

/**
 * Runs the notation command line with a configuration of its own; it never sees the user's.
 * @param {string} configDir a folder named `notation`: notation looks for one of that name in $XDG_CONFIG_HOME
 * @param {string[]} parameters
 * @param {Record<string, string>} [environment] such as DOCKER_CONFIG
 * @returns {Promise<{ status: number, stdout: string, stderr: string }>}
 */
export function notation(configDir, parameters, environment = {}) {
  if (!/[/\\]notation$/.test(configDir)) throw new Error(`${configDir} must be a folder named notation`)
  const home = dirname(configDir)
  return new Promise((resolve, reject) => {
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      XDG_CONFIG_HOME: home,
      XDG_CACHE_HOME: `${home}/cache`,
      NOTATION_EXPERIMENTAL: '1',
      ...environment,
    }
    execFile(program, parameters, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error)
      else resolve({ status: error ? error.code : 0, stdout, stderr })
    })
  })
}

/**
 * Writes signingkeys.json by hand, because `notation key add` takes plugin keys only.
 * @param {string} configDir
 * @param {{ name: string, keyPath: string, certPath: string }[]} keys the first is the default
 */
export function writeSigningKeys(configDir, keys) {
  mkdirSync(configDir, { recursive: true })
  const document = { default: keys[0]?.name, keys }
  writeFileSync(`${configDir}/signingkeys.json`, JSON.stringify(document, null, 2), { mode: 0o600 })
}
