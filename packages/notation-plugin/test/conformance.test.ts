// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { type KeyFailure, signingKeyCases } from '@ocisign/conformance'
import { algorithmName, encodePem, notaryAlgorithms } from '@ocisign/core'
import { openPluginKey } from '@ocisign/notation-plugin'
import { createTestChain } from '@ocisign/provider-local'
import { describe, test } from 'vitest'
import { makeFolder, makePlugins, writeOwnPlugin } from './support/plugins.js'

const directory = await makeFolder()
await writeOwnPlugin(directory, 'own')
const { options } = await makePlugins()
const retry = { wait: async () => undefined }
const lying = (lie: string) => openPluginKey({ ...options(lie), id: 'k', retry })
const fails = (name: string, code: string, create: KeyFailure['create']) => ({ name, code, create })

// Each signature is a process of its own, so not all six here: test/host has the others.
describe.each(['ECDSA-256-sha256', 'RSASSA-PSS-2048-sha256'])('%s', async (name) => {
  const algorithm = notaryAlgorithms.find((each) => algorithmName(each) === name)!
  const { keyPem, chain } = await createTestChain({ algorithm })
  const file = `${directory}/${name}`
  await writeFile(`${file}.pem`, keyPem, { mode: 0o600 })
  await writeFile(`${file}.crt`, chain.map((der) => encodePem('CERTIFICATE', der)).join(''))
  const config = { 'certificate-chain': `${file}.crt` }
  const create = (id = `file:${file}.pem`) => openPluginKey({ directory, name: 'own', id, config, retry })
  const failures = [
    fails('the plugin is throttled', 'UNAVAILABLE_KEY', () => lying('error=THROTTLED')),
    fails('the plugin is denied', 'DENIED_KEY', () => lying('error=ACCESS_DENIED')),
    fails('there is no such key', 'UNAVAILABLE_KEY', () => create(`file:${file}.none`)),
    fails('the plugin knows no such keys', 'INVALID_KEY', () => create('awskms:///1')),
  ]
  const createStalled = () => lying('hangs')
  const secrets = [keyPem.split('\n')[1]!, 'hunter2']
  for (const each of signingKeyCases({ create, failures, createStalled, secrets, inspect })) test(each.name, each.run)
})
