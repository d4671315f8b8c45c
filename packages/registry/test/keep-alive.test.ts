// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { digestBytes, mediaTypes, readAll } from '@ocisign/core'
import { createRegistry } from '@ocisign/registry'
import { expect, onTestFinished, test } from 'vitest'
import { createKeepAliveFetch } from '../src/keep-alive.js'
import { text } from './support/serve.js'

test('one connection serves one request after another, HEAD among them', async () => {
  const bytes = text('{"schemaVersion":2,"manifests":[]}')
  const image = { mediaType: mediaTypes.imageIndex, digest: await digestBytes(bytes), size: bytes.length }
  let connections = 0
  const server = createServer((request, response) => {
    response.setHeader('content-type', image.mediaType)
    response.setHeader('content-length', bytes.length)
    response.setHeader('docker-content-digest', image.digest)
    response.end(request.method === 'HEAD' ? undefined : bytes)
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const repository = createRegistry().repository(`127.0.0.1:${(server.address() as AddressInfo).port}/org/app`)
  // Before its first request Node has nothing that could be told to keep anything.
  await readAll(repository, image)
  for (let count = 0; count < 10; count++) {
    expect(await repository.resolve('v1')).toEqual(image)
    expect(await readAll(repository, image)).toEqual(bytes)
  }
  // The first may not be free yet when the second request begins.
  expect(connections).toBeLessThanOrEqual(2)
})

test('other requests, and other platforms, are left alone', async () => {
  const heard: unknown[] = []
  const send: typeof fetch = async (_, init) => {
    heard.push(init)
    return new Response()
  }
  const keeping = createKeepAliveFetch(send)
  const get = { method: 'GET' }
  await keeping('http://localhost/', get)
  await keeping('http://localhost/')
  expect(heard).toEqual([get, undefined])
})
