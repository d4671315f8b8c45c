// SPDX-License-Identifier: Apache-2.0
// What is read from a host goes back to it: a download that waits for its upload must not hold the place that this needs.
import { copyArtifact, digestBytes, mediaTypes, readAll } from '@ocisign/core'
import { createRegistry } from '@ocisign/registry'
import { expect, test } from 'vitest'
import { serve, text } from './support/serve.js'

/** Longer than what is read at once, and than one part of an upload. */
const layers = [1, 2].map((first) => new Uint8Array(200_000).map((_, index) => (index * first) ^ (index >> 8)))

test.each([
  ['one request', 1],
  ['as many as downloads', 2],
])('a copy on one host ends though it takes %s at a time', async (_, requestsPerHost) => {
  const server = await serve({ mounts: 'never' })
  const seeded = []
  for (const bytes of layers) {
    const mediaType = 'application/octet-stream'
    server.seed('org/from', { bytes, mediaType })
    seeded.push({ mediaType, digest: await digestBytes(bytes), size: bytes.length })
  }
  const config = { mediaType: mediaTypes.empty, digest: await digestBytes(text('{}')), size: 2 }
  server.seed('org/from', { bytes: text('{}'), mediaType: mediaTypes.empty })
  const mediaType = mediaTypes.imageManifest
  const bytes = text(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: seeded }))
  await server.repository('org/from').push({ mediaType, digest: await digestBytes(bytes), size: bytes.length }, bytes)
  const limits = { requestsPerHost, documentBytes: 8_000, chunkBytes: 50_000 }
  const registry = createRegistry({ limits })
  const [from, to] = ['from', 'to'].map((name) => registry.repository(`${server.host}/org/${name}`))
  await copyArtifact(from!, await digestBytes(bytes), to!, { concurrency: 2, deadlineMilliseconds: 60_000 })
  for (const [index, each] of seeded.entries())
    expect(await readAll(server.repository('org/to'), each)).toEqual(layers[index])
  expect(server.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(8)
})
