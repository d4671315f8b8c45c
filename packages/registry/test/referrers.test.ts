// SPDX-License-Identifier: Apache-2.0
import { createFakeRegistry, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import { type Descriptor, digestBytes, encodeText, isOcisignError, mediaTypes } from '@ocisign/core'
import { createRegistry, type Notice, type RegistryOptions } from '@ocisign/registry'
import { describe, expect, onTestFinished, test } from 'vitest'
import { referrersTag } from '../src/referrers-tag.js'

const name = 'org/app'

async function start(features: FakeRegistryOptions = {}, options: RegistryOptions = {}) {
  const server = await createFakeRegistry(features)
  onTestFinished(() => server.close())
  const image = server.seedImage(name, 'v1')
  const notices: Notice[] = []
  const connect = () =>
    createRegistry({
      onNotice: (notice) => notices.push(notice),
      ...options,
      limits: { backoffMilliseconds: 1, ...options.limits },
    }).repository(`${server.host}/${name}`)
  return { server, image, notices, connect, repository: connect(), inside: server.repository(name) }
}

/** A manifest that refers to the subject. */
async function referrerOf(subject: Descriptor, artifactType: string, note = '') {
  const bytes = encodeText(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.imageManifest,
      artifactType,
      config: { mediaType: mediaTypes.empty, digest: await digestBytes(encodeText('{}')), size: 2 },
      layers: [],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      annotations: { note },
    }),
  )
  const descriptor = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
  return { bytes, descriptor }
}

const emptyConfig = async () => ({
  mediaType: mediaTypes.empty,
  digest: await digestBytes(encodeText('{}')),
  size: 2,
})

type Repository = Awaited<ReturnType<typeof start>>['repository']

async function attach(repository: Repository, subject: Descriptor, artifactType: string, note = '') {
  await repository.push(await emptyConfig(), encodeText('{}'))
  const { bytes, descriptor } = await referrerOf(subject, artifactType, note)
  await repository.push(descriptor, bytes)
  return descriptor
}

async function listed(repository: Repository, subject: Descriptor, artifactType?: string) {
  const found: Descriptor[] = []
  const options = artifactType === undefined ? {} : { artifactType }
  for await (const referrer of repository.referrers(subject, options)) found.push(referrer)
  return found
}

const outcomeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'listed',
    (error: unknown) => (isOcisignError(error) ? error.code : Promise.reject(error)),
  )

test('the tag of a digest is cut to what a tag may be', () => {
  expect(referrersTag(`sha256:${'a'.repeat(64)}`)).toBe(`sha256-${'a'.repeat(64)}`)
  expect(referrersTag(`sha512:${'b'.repeat(128)}`)).toBe(`sha512-${'b'.repeat(64)}`)
})

describe('the Referrers API', () => {
  test('lists every page once, and leaves out other types where the registry does not', async () => {
    const { repository, image } = await start({ referrersPerPage: 2, filtersReferrers: false })
    const sboms = []
    for (const note of ['1', '2', '3']) {
      sboms.push((await attach(repository, image, 'application/sbom', note)).digest)
      await attach(repository, image, 'application/scan', note)
    }
    expect((await listed(repository, image, 'application/sbom')).map(({ digest }) => digest).sort()).toEqual(
      sboms.sort(),
    )
    expect(await listed(repository, image)).toHaveLength(6)
  })

  test.each([
    ['that leaves the type out', (entry: Record<string, unknown>) => delete entry.artifactType],
    ['that gives the type of the config', (entry: Record<string, unknown>) => (entry.artifactType = mediaTypes.empty)],
  ])('finds the type in the manifest of a listing %s', async (_, spoil) => {
    const { repository, image, server } = await start({ filtersReferrers: false })
    const sbom = await attach(repository, image, 'application/sbom')
    const change = (body: Uint8Array) => {
      const index = JSON.parse(new TextDecoder().decode(body))
      for (const entry of index.manifests) spoil(entry)
      return encodeText(JSON.stringify(index))
    }
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'body', body: change } })
    expect(await listed(repository, image)).toMatchObject([{ digest: sbom.digest, artifactType: 'application/sbom' }])
    // Of one type only: nobody knows that it is another, so whoever asked reads it.
    expect(await listed(repository, image, 'application/scan')).toMatchObject([{ digest: sbom.digest }])
  })

  const statuses = [400, 401, 403, 405, 429, 500, 502, 503]
  test.each(statuses)('does not take %i for an empty list, nor ask for the tag instead', async (status) => {
    const { repository, image, server } = await start({}, { limits: { tries: 1 } })
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'status', status } })
    expect(await outcomeOf(listed(repository, image))).toMatch(/^(UNAVAILABLE_LISTING|UNAVAILABLE_RATE_LIMIT|DENIED_)/)
    expect(server.requests.filter(({ path }) => path.includes('sha256-'))).toHaveLength(0)
  })

  test.each([
    ['no JSON', '<!doctype html>'],
    ['no list', '{"schemaVersion":2}'],
    ['null instead of a list', '{"schemaVersion":2,"manifests":null}'],
    ['two lists', '{"schemaVersion":2,"manifests":[],"manifests":[]}'],
    ['a list under another name, too', '{"schemaVersion":2,"manifests":[],"Manifests":[]}'],
    ['an entry that is no descriptor', '{"schemaVersion":2,"manifests":[{"digest":"sha256:1"}]}'],
  ])('does not take %s for an empty list', async (_, body) => {
    const { repository, image, server } = await start()
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'body', body } })
    expect(await outcomeOf(listed(repository, image))).toBe('UNAVAILABLE_LISTING')
  })

  test('does not take the start page of a front end for an empty list', async () => {
    const { repository, image, server } = await start()
    const headers = { 'content-type': 'text/html' }
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'headers', headers } })
    expect(await outcomeOf(listed(repository, image))).toBe('UNAVAILABLE_LISTING')
  })

  test('tells of what it has read before it says that the rest is missing', async () => {
    const { repository, image, server } = await start({ referrersPerPage: 1 }, { limits: { tries: 1 } })
    await attach(repository, image, 'application/sbom', '1')
    await attach(repository, image, 'application/sbom', '2')
    server.misbehave({ when: { what: 'referrers', nth: 2 }, how: { kind: 'status', status: 500 } })
    const seen: string[] = []
    const reading = (async () => {
      for await (const { digest } of repository.referrers(image)) seen.push(digest)
    })()
    expect(await outcomeOf(reading)).toBe('UNAVAILABLE_LISTING')
    expect(seen).toHaveLength(1)
  })

  test('does not take a page that is not there any more for the end', async () => {
    const { repository, image, server } = await start({ referrersPerPage: 1 })
    await attach(repository, image, 'application/sbom', '1')
    await attach(repository, image, 'application/sbom', '2')
    server.misbehave({ when: { what: 'referrers', nth: 2 }, how: { kind: 'status', status: 404 } })
    expect(await outcomeOf(listed(repository, image))).toBe('UNAVAILABLE_LISTING')
  })

  test.each(['file:///etc/passwd', 'javascript:alert(1)', 'http://[', ''])('follows no link to "%s"', async (to) => {
    const { repository, image, server } = await start()
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'link', to } })
    expect(await outcomeOf(listed(repository, image))).toBe('UNAVAILABLE_LISTING')
  })

  test('what is asked for ahead is used once', async () => {
    const { repository, image, server } = await start()
    const count = () => server.requests.filter(({ path }) => path.includes('/referrers/')).length
    await repository.resolve(image.digest, { listsNext: 'application/sbom' })
    expect(await listed(repository, image, 'application/sbom')).toHaveLength(0)
    expect(count()).toBe(1)
    await attach(repository, image, 'application/sbom')
    expect(await listed(repository, image, 'application/sbom')).toHaveLength(1)
    expect(count()).toBe(2)
  })
})

describe('the tag schema', () => {
  const features = { referrersApi: false }

  test('is written by a push, and read where there is no Referrers API', async () => {
    const { repository, image, server } = await start(features)
    const sbom = await attach(repository, image, 'application/sbom', 'mine')
    expect(await listed(repository, image)).toMatchObject([
      { digest: sbom.digest, artifactType: 'application/sbom', annotations: { note: 'mine' } },
    ])
    expect(server.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(0)
  })

  test('is empty where there is no tag', async () => {
    const { repository, image } = await start(features)
    expect(await listed(repository, image)).toEqual([])
  })

  test('loses nothing of what others wrote', async () => {
    const { repository, image, inside } = await start(features)
    const index = {
      schemaVersion: 2,
      mediaType: mediaTypes.imageIndex,
      manifests: [{ ...image, artifactType: 'application/theirs', theirs: { x: [1] } }],
      annotations: { theirs: 'kept' },
    }
    const bytes = encodeText(JSON.stringify(index))
    const descriptor = { mediaType: mediaTypes.imageIndex, digest: await digestBytes(bytes), size: bytes.length }
    await inside.push(descriptor, bytes)
    await inside.tag(descriptor, referrersTag(image.digest))
    const sbom = await attach(repository, image, 'application/sbom')
    const now = await inside.resolve(referrersTag(image.digest))
    let text = ''
    for await (const chunk of await inside.fetch(now)) text += new TextDecoder().decode(chunk)
    expect(JSON.parse(text)).toMatchObject({
      annotations: { theirs: 'kept' },
      manifests: [{ artifactType: 'application/theirs', theirs: { x: [1] } }, { digest: sbom.digest }],
    })
  })

  test('lists once what is pushed again', async () => {
    const { repository, image } = await start(features)
    await attach(repository, image, 'application/sbom')
    await attach(repository, image, 'application/sbom')
    expect(await listed(repository, image)).toHaveLength(1)
  })

  test('loses nothing when many in one process write at once', async () => {
    const { repository, image } = await start(features)
    await Promise.all(Array.from({ length: 20 }, (_, note) => attach(repository, image, 'application/sbom', `${note}`)))
    expect(await listed(repository, image)).toHaveLength(20)
  })

  test('says that the old index is still there, and no more than that', async () => {
    const { repository, image, notices } = await start({
      ...features,
      deletes: { tags: false, manifests: false, blobs: false },
    })
    await attach(repository, image, 'application/sbom', '1')
    await attach(repository, image, 'application/sbom', '2')
    expect(await listed(repository, image)).toHaveLength(2)
    expect(notices.map(({ kind }) => kind)).toEqual(['old-index-kept'])
  })

  test('deletes the old index where it may', async () => {
    const { repository, image, inside } = await start(features)
    await attach(repository, image, 'application/sbom', '1')
    const old = await inside.resolve(referrersTag(image.digest))
    await attach(repository, image, 'application/sbom', '2')
    expect(await outcomeOf(inside.resolve(old.digest))).toBe('UNAVAILABLE_NOT_FOUND')
  })

  test.each([
    ['is no index', '{"schemaVersion":2,"layers":[]}'],
    ['is no JSON', 'no'],
  ])('does not overwrite what %s', async (_, body) => {
    const { repository, image, server } = await start(features)
    server.misbehave({ when: { method: 'GET', path: referrersTag(image.digest) }, how: { kind: 'body', body } })
    const bytes = encodeText('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}')
    const descriptor = { mediaType: mediaTypes.imageIndex, digest: await digestBytes(bytes), size: bytes.length }
    await server.repository(name).push(descriptor, bytes)
    await server.repository(name).tag(descriptor, referrersTag(image.digest))
    expect(await outcomeOf(attach(repository, image, 'application/sbom'))).toBe('UNAVAILABLE_LISTING')
    expect(server.requests.filter(({ method, path }) => method === 'PUT' && path.includes('sha256-'))).toHaveLength(0)
  })

  test('says of a tag that cannot be read that the listing failed', async () => {
    const { repository, image, server } = await start(features, { limits: { tries: 1 } })
    server.misbehave({ when: { path: 'sha256-' }, how: { kind: 'status', status: 500 } })
    expect(await outcomeOf(listed(repository, image))).toBe('UNAVAILABLE_LISTING')
  })

  test('is written where the option asks for it, API or not', async () => {
    const { repository, image, inside } = await start({}, { referrersTag: 'always' })
    await attach(repository, image, 'application/sbom')
    expect((await inside.resolve(referrersTag(image.digest))).mediaType).toBe(mediaTypes.imageIndex)
  })
})

describe('tags', () => {
  const all = async (repository: Repository) => {
    const tags: string[] = []
    for await (const tag of repository.tags()) tags.push(tag)
    return tags
  }

  test('come page by page, each once', async () => {
    const { repository, image, inside } = await start({ tagsPerPage: 2 })
    for (const tag of ['v2', 'v3', 'v4', 'v5']) await inside.tag(image, tag)
    expect((await all(repository)).sort()).toEqual(['v1', 'v2', 'v3', 'v4', 'v5'])
  })

  test.each([
    ['null is none', '{"name":"org/app","tags":null}', []],
    ['nothing is missing', '{"name":"org/app"}', 'UNAVAILABLE_LISTING'],
    ['a tag that is none', '{"name":"org/app","tags":["../x"]}', 'UNAVAILABLE_LISTING'],
    ['no JSON', 'tags', 'UNAVAILABLE_LISTING'],
  ])('%s', async (_, body, expected) => {
    const { repository, server } = await start()
    server.misbehave({ when: { what: 'tags' }, how: { kind: 'body', body } })
    const tags = all(repository)
    if (typeof expected === 'string') expect(await outcomeOf(tags)).toBe(expected)
    else expect(await tags).toEqual(expected)
  })

  test('of a repository that is not there are not none', async () => {
    const { server } = await start()
    const other = createRegistry().repository(`${server.host}/org/other`)
    expect(await outcomeOf(all(other))).toBe('UNAVAILABLE_REPOSITORY')
  })
})
