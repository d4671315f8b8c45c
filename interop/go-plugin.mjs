// SPDX-License-Identifier: Apache-2.0
// The plugin in Go, as we run it.
import { copyFileSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isOcisignError } from '../packages/core/dist/index.js'
import { build } from './build.mjs'

export const goPlugin = fileURLToPath(new URL('./bin/plugin-go', import.meta.url))
/** What it can do follows from the name it is called by. */
export const [raw, envelopes, verifies] = ['com.example.raw', 'com.example.envelope', 'com.example.verify']

/** Puts the plugin in Go into a configuration, under each of its names. */
export function installGo(configDir) {
  build(['plugin-go'])
  for (const name of [raw, envelopes, verifies]) {
    mkdirSync(`${configDir}/plugins/${name}`, { recursive: true })
    copyFileSync(goPlugin, `${configDir}/plugins/${name}/notation-${name}`)
  }
  return configDir
}

/** Options to open it with; `lies` are words of interop/plugin-go. */
export const goOptions = (configDir, name, { keyPath, chainPath }, lies = '', config = {}) => ({
  directory: `${configDir}/plugins`,
  name,
  id: keyPath,
  config: { chain: chainPath, ...config },
  environment: { PATH: process.env.PATH, PLUGIN_LIES: lies },
  timeoutMilliseconds: 20_000,
})

/** `accepted`, or the code of the error. */
export const codeOf = (call) =>
  call.then(
    () => 'accepted',
    (error) => (isOcisignError(error) ? error.code : `unexpected ${error.stack}`),
  )
