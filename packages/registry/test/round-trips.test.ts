// SPDX-License-Identifier: Apache-2.0
// How many requests it takes, and how many of them one after another: a registry on the other side of the world is as
// fast as these are few.
import { countConcurrent, countSteps, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import { digestBytes, mediaTypes, signArtifact } from '@ocisign/core'
import { registryLimits } from '@ocisign/registry'
import { expect, test } from 'vitest'
import { createScene, seedJunk, signer, stranger, text } from './attacks/scene.js'

const auth = { kind: 'bearer', users: { me: 'secret' } } as const
const credentials = async () => ({ username: 'me', password: 'secret' })

/** A scene whose client has its tokens already; `show` tells what it asks from then on. */
async function measured(server: FakeRegistryOptions = {}, signatures = 1) {
  const scene = await createScene({ server: { auth, settle: 100, ...server }, client: { credentials }, signatures })
  await scene.repository.mount(scene.image, `${scene.server.host}/org/other`)
  const blob = { mediaType: 'text/plain', digest: scene.image.digest, size: 1 }
  await scene.repository.mount(blob, `${scene.server.host}/org/app`)
  await scene.repository.resolve('v1')
  scene.server.forget()
  const { requests } = scene.server
  const show = () => ({
    requests: requests.map(({ method, path }) => `${method} ${partOf(path)}`),
    steps: countSteps(requests),
  })
  return { ...scene, show }
}

/** The kind of thing that is asked for. */
const partOf = (path: string) => path.split('/')[4] ?? path

test('verifying by digest: four requests in three steps', async () => {
  const { verify, image, show } = await measured()
  await verify(image.digest)
  const { requests, steps } = show()
  // The first two are under way at the same time.
  expect([...requests.slice(0, 2).sort(), ...requests.slice(2)]).toEqual([
    'GET referrers',
    'HEAD manifests',
    'GET manifests',
    'GET blobs',
  ])
  expect(steps).toBe(3)
})

test('verifying by tag: four requests in four steps', async () => {
  const { verify, show } = await measured()
  await verify('v1')
  expect(show()).toEqual({ requests: ['HEAD manifests', 'GET referrers', 'GET manifests', 'GET blobs'], steps: 4 })
})

test('verifying with the tag schema: one more', async () => {
  const { verify, image, show, server } = await measured({ referrersApi: false })
  await verify('v1')
  expect(show()).toEqual({
    requests: ['HEAD manifests', 'GET referrers', 'GET manifests', 'GET manifests', 'GET blobs'],
    steps: 5,
  })
  server.forget()
  await verify(image.digest)
  expect(show()).toMatchObject({ requests: { length: 5 }, steps: 4 })
})

test('ten signatures are fetched at the same time, in as many steps as one', async () => {
  const { inside, verify, image, show } = await measured({}, 0)
  for (let count = 0; count < 10; count++) await signArtifact(inside, 'v1', stranger)
  await expect(verify(image.digest)).rejects.toMatchObject({ code: 'UNTRUSTED_NO_SIGNATURE' })
  const { requests, steps } = show()
  expect(requests.slice(2).sort()).toEqual([...Array(10).fill('GET blobs'), ...Array(10).fill('GET manifests')])
  expect(steps).toBe(3)
})

test('but not more than so many', async () => {
  const { server, verify, image } = await measured({}, 0)
  for (let count = 0; count < 60; count++) seedJunk(server, image, `junk ${count}`)
  await expect(verify(image.digest)).rejects.toMatchObject({ code: 'UNTRUSTED_NO_SIGNATURE' })
  expect(countConcurrent(server.requests)).toBeLessThanOrEqual(registryLimits.requestsPerHost)
})

const signing = ['HEAD manifests', 'POST blobs', 'POST blobs', 'PUT blobs', 'PUT manifests', 'GET referrers']

test('signing: seven requests where the empty config is not there, six where it is', async () => {
  const { repository, show, server } = await measured({}, 0)
  await signArtifact(repository, 'v1', signer)
  expect(show().requests).toEqual(signing.toSpliced(2, 0, 'PUT blobs'))
  server.forget()
  await signArtifact(repository, 'v1', signer)
  expect(show().requests).toEqual(signing)
})

test('signing with the tag schema: three more', async () => {
  const { repository, show, server } = await measured({ referrersApi: false }, 0)
  server.seed('org/app', { bytes: text('{}'), mediaType: mediaTypes.empty })
  await signArtifact(repository, 'v1', signer)
  const index = ['GET manifests', 'PUT manifests']
  expect(show().requests).toEqual([...signing.toSpliced(-1, 0, ...index), 'GET manifests'])
})

test('tagging what was just pushed reads nothing', async () => {
  const { repository, show } = await measured({}, 0)
  const bytes = text('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}')
  const target = { mediaType: mediaTypes.imageIndex, digest: await digestBytes(bytes), size: bytes.length }
  await repository.push(target, bytes)
  await repository.tag(target, 'v2')
  await repository.tag(target, 'v3')
  expect(show().requests).toEqual(['PUT manifests', 'PUT manifests', 'PUT manifests'])
})
