// SPDX-License-Identifier: Apache-2.0
// A plugin that is downloaded: through a proxy, from a server whose authority --ca-file names.
import { createHash } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFakeAuthority } from '@ocisign/conformance/fake'
import { encodePem } from '@ocisign/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { zip } from '../../notation-plugin/test/support/archives.js'
import { hiddenName, startProxy, startSecure } from './support/network.js'
import { codeOf, linesOf, run } from './support/program.js'
import { createScene, type Scene } from './support/scene.js'

const name = 'com.example.small'
const metadata = {
  name,
  description: 'd',
  version: '1.0.0',
  url: 'u',
  supportedContractVersions: ['1.0'],
  capabilities: ['SIGNATURE_GENERATOR.RAW'],
}
const archive = zip({ name: `notation-${name}`, text: `#!/bin/sh\necho '${JSON.stringify(metadata)}'\n` })
const sha256 = createHash('sha256').update(archive).digest('hex')

const server = createServer(({ url }, response) => {
  if (url === '/plugin.zip') response.end(archive)
  else if (url === '/latest') response.writeHead(302, { location: `https://${hiddenName}/plugin.zip` }).end()
  else if (url === '/plain') response.writeHead(302, { location: `http://${hiddenName}/plugin.zip` }).end()
  else response.writeHead(404).end()
})
let scene: Scene
let closeAll = async () => {}
let reach: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }

beforeAll(async () => {
  scene = await createScene()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const authority = await createFakeAuthority()
  const secure = await startSecure(authority, (server.address() as AddressInfo).port)
  const proxy = await startProxy(secure.port)
  const file = scene.path('authority.pem')
  await writeFile(file, encodePem('CERTIFICATE', authority.certificate))
  reach = { args: ['--ca-file', file], env: { HTTPS_PROXY: proxy.url } }
  closeAll = async () => {
    await Promise.all([proxy.close(), secure.close()])
    server.closeAllConnections()
    server.close()
  }
})
afterAll(async () => {
  await closeAll()
  await scene.dispose()
})

const install = (config: string, args: readonly string[], env = reach.env) =>
  run(['plugin', 'install', '--config-dir', scene.path(config), ...args], { env })
const at = (path: string) => `https://${hiddenName}/${path}`
const checked = ['--sha256sum', sha256]

test.each([
  ['as Notation has it', ['--url', at('plugin.zip'), ...checked]],
  ['without --url', [...checked, at('plugin.zip')]],
  ['through a redirect', [...checked, '--url', at('latest')]],
])('installs from a URL, %s', async (what, args) => {
  const installed = await install(what, [...reach.args, ...args])
  expect(installed).toMatchObject({ status: 0, stdout: `Installed the plugin ${name} 1.0.0\n`, stderr: '' })
  expect(await readdir(scene.path(what))).toEqual(['plugins'])
})

test.each([
  [
    'a checksum that is another',
    4,
    'INVALID_CONTENT',
    () => [...reach.args, '--sha256sum', '0'.repeat(64), at('latest')],
  ],
  ['a server whose authority nobody knows', 3, 'UNAVAILABLE_PLUGIN', () => [...checked, at('plugin.zip')]],
  ['a file that is not there', 3, 'UNAVAILABLE_PLUGIN', () => [...reach.args, ...checked, at('none.zip')]],
  ['a redirect to http', 3, 'UNAVAILABLE_PLUGIN', () => [...reach.args, ...checked, at('plain')]],
  ['no checksum', 2, 'MISUSE_OPTION', () => [at('plugin.zip')]],
  ['http', 2, 'MISUSE_OPTION', () => [`http://${hiddenName}/plugin.zip`]],
  ['a file that is said to be a URL', 2, 'MISUSE_OPTION', () => ['--url', 'plugin.zip']],
  ['a URL that is said to be a file', 2, 'MISUSE_OPTION', () => ['--file', at('plugin.zip')]],
  ['both', 2, 'MISUSE_OPTION', () => ['--file', '--url', at('plugin.zip')]],
])('%s: nothing is installed', async (what, status, code, args) => {
  const { stderr, ...ended } = await install(what, args())
  expect({ ...ended, code: codeOf(stderr) }).toMatchObject({ status, stdout: '', code })
  expect(linesOf(stderr)).toHaveLength(1)
  expect(await readdir(scene.path(what)).catch(() => [])).toEqual([])
})
