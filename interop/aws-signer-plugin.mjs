// SPDX-License-Identifier: Apache-2.0
// A Notation plugin of our making that verifies what AWS Signer signs, as AWS's own does.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createHostVerifier, createNotationPlugin } from '@ocisign/notation-plugin/host'
import { createAwsSignerExtension } from '../packages/provider-aws/dist/signer/index.js'

const packages = fileURLToPath(new URL('../packages/', import.meta.url))
/** The client that the provider's own tests use. */
const { Signer } = createRequire(`${packages}provider-aws/package.json`)('@aws-sdk/client-signer')

export const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a-secret-of-a-test' }
export const pluginName = 'com.amazonaws.signer.notation.plugin'

/** A client of a service on this machine, which has one host name only. */
export const createClient = (endpoint) =>
  new Signer({ region: 'us-east-1', endpoint, disableHostPrefix: true, credentials, maxAttempts: 1 })

/** The whole of the executable. */
export function run(endpoint) {
  const extension = createAwsSignerExtension({ client: createClient(endpoint) })
  const plugin = createNotationPlugin({
    name: extension.name,
    version: extension.version,
    description: 'Signatures of AWS Signer',
    url: 'https://example.com',
    verifier: createHostVerifier(extension),
  })
  return plugin.run()
}

/** Puts the plugin into a configuration, for a service that answers at `endpoint`. */
export function installPlugin(configDir, endpoint) {
  const folder = `${configDir}/plugins/${pluginName}`
  mkdirSync(folder, { recursive: true })
  const module = `import(${JSON.stringify(import.meta.url)})`
  writeFileSync(
    `${folder}/notation-${pluginName}`,
    `#!/usr/bin/env node\n${module}.then(({ run }) => run(${JSON.stringify(endpoint)}))\n`,
  )
  chmodSync(`${folder}/notation-${pluginName}`, 0o755)
}
