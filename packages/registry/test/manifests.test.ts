// SPDX-License-Identifier: Apache-2.0
import type { FakeRegistryOptions } from '@ocisign/conformance/fake'
import { type Descriptor, digestBytes, mediaTypes, readAll } from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { code, serveRepository, text } from './support/serve.js'

const methods = ({ requests }: { readonly requests: readonly { readonly method: string }[] }) =>
  requests.map(({ method }) => method).join(' ')

async function withImage(options: FakeRegistryOptions = {}) {
  const scene = await serveRepository(options)
  const image = scene.server.seedImage('org/app', 'v1')
  return { ...scene, image }
}

describe('resolving', () => {
  test('asks for the headers only', async () => {
    const { server, repository, image } = await withImage()
    expect(await repository.resolve('v1')).toEqual(image)
    expect(await repository.resolve(image.digest)).toEqual(image)
    expect(methods(server)).toBe('HEAD HEAD')
    const accept = server.requests[0]?.headers.accept ?? ''
    for (const type of [mediaTypes.imageManifest, mediaTypes.imageIndex, mediaTypes.dockerManifest])
      expect(accept.split(', ')).toContain(type)
  })

  test.each([404, 405, 501])('where HEAD is refused with %i, reads it', async (status) => {
    const { server, repository, image } = await withImage()
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status } })
    expect(await repository.resolve('v1')).toEqual(image)
    expect(await repository.resolve(image.digest)).toEqual(image)
    expect(methods(server)).toBe('HEAD GET HEAD GET')
  })

  test('a HEAD that finds one does not prove that another is missing: caches fetch by GET', async () => {
    const { server, repository, image } = await withImage()
    expect(await repository.resolve('v1')).toEqual(image)
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 404 } })
    expect(await repository.resolve(image.digest)).toEqual(image)
    expect(methods(server)).toBe('HEAD HEAD GET')
  })

  test.each([
    ['docker-content-digest', undefined],
    ['docker-content-digest', 'sha256:abc'],
    ['content-length', '0'],
    ['content-type', undefined],
    ['content-type', 'text/html'],
  ])('where a HEAD has the %s %s, reads it', async (name, value) => {
    const { server, repository, image } = await withImage()
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'headers', headers: { [name]: value } } })
    expect(await repository.resolve('v1')).toEqual(image)
    expect(methods(server)).toBe('HEAD GET')
  })

  test('where a HEAD has no length, reads it', async () => {
    const { server, repository, image } = await withImage()
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'chunked' } })
    expect(await repository.resolve('v1')).toEqual(image)
    expect(methods(server)).toBe('HEAD GET')
  })

  test.each([
    `${mediaTypes.imageManifest}; charset=utf-8`,
    ` ${mediaTypes.imageManifest.toUpperCase()} ;q=1`,
    'Application/Vnd.OCI.image.manifest.v1+JSON',
  ])('the type "%s" is that of an image', async (type) => {
    const { server, repository, image } = await withImage()
    server.misbehave({ how: { kind: 'headers', headers: { 'content-type': type } } })
    expect(await repository.resolve('v1')).toEqual(image)
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    expect(await repository.resolve('v1')).toEqual(image)
    expect(await readAll(repository, image)).toHaveLength(image.size)
  })

  test.each([undefined, 'application/json', 'application/octet-stream', 'text/plain; charset=utf-8'])(
    'where the type is %s, the manifest says what it is',
    async (type) => {
      const { server, repository, image } = await withImage()
      server.misbehave({ how: { kind: 'headers', headers: { 'content-type': type } } })
      expect(await repository.resolve('v1')).toEqual(image)
    },
  )

  test('a page instead of a manifest is nothing', async () => {
    const { server, repository } = await withImage()
    server.misbehave({
      how: { kind: 'headers', headers: { 'content-type': 'text/html', 'docker-content-digest': undefined } },
    })
    server.misbehave({ when: { method: 'GET' }, how: { kind: 'body', body: '<html>Sign in</html>' } })
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('INVALID_JSON'))
  })

  test('a document of an unknown type is nothing', async () => {
    const { server, repository } = await withImage({ negotiates: false })
    const bytes = text('{"mediaType":"application/vnd.example.manifest+json"}')
    server.seed('org/app', { bytes, mediaType: 'application/vnd.example.manifest+json', tag: 'other' })
    await expect(repository.resolve('other')).rejects.toMatchObject(code('UNSUPPORTED_MEDIA_TYPE'))
  })

  test.each([
    ['text', '1'],
    ['other', `"${mediaTypes.imageIndex}"`],
  ])('a manifest that says %s of itself is refused', async (_, type) => {
    const { server, repository } = await withImage()
    const bytes = text(`{"schemaVersion":2,"mediaType":${type},"layers":[]}`)
    server.seed('org/app', { bytes, mediaType: mediaTypes.imageManifest, tag: 'liar' })
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    await expect(repository.resolve('liar')).rejects.toMatchObject(code('INVALID_MANIFEST'))
  })

  test('what has another digest than was asked for is refused, whoever says so', async () => {
    const { server, repository, image } = await withImage()
    const other = server.seedImage('org/app', 'v2')
    let end = server.misbehave({ how: { kind: 'headers', headers: { 'docker-content-digest': other.digest } } })
    await expect(repository.resolve(image.digest)).rejects.toMatchObject(code('INVALID_CONTENT'))
    await expect(readAll(repository, image)).rejects.toMatchObject(code('INVALID_CONTENT'))
    end()
    end = server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    server.misbehave({
      when: { method: 'GET' },
      how: { kind: 'instead', path: `/v2/org/app/manifests/${other.digest}` },
    })
    await expect(repository.resolve(image.digest)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('another manifest under the headers of this one is refused', async () => {
    const { server, repository } = await withImage()
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    server.misbehave({ when: { method: 'GET' }, how: { kind: 'body', body: '{"schemaVersion":2}' } })
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('a larger manifest than is read is refused while it comes', async () => {
    const { server, repository } = await withImage()
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    server.misbehave({ when: { method: 'GET' }, how: { kind: 'body', body: new Uint8Array(5 * 1024 * 1024) } })
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  })

  test('a digest of another algorithm in the header is of the same content, or it is refused', async () => {
    const { server, repository, image } = await withImage()
    const bytes = await readAll(repository, image)
    const sha512 = await digestBytes(bytes, 'sha512')
    let end = server.misbehave({ how: { kind: 'headers', headers: { 'docker-content-digest': sha512 } } })
    expect((await repository.resolve(image.digest)).digest).toBe(image.digest)
    expect(await readAll(repository, image)).toEqual(bytes)
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    expect((await repository.resolve('v1')).digest).toBe(sha512)
    end()
    end = server.misbehave({
      how: { kind: 'headers', headers: { 'docker-content-digest': `sha512:${'0'.repeat(128)}` } },
    })
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('what is not there is not there, and asked for twice', async () => {
    const { server, repository } = await withImage()
    await expect(repository.resolve('none')).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
    expect(methods(server)).toBe('HEAD GET')
  })

  test('what is no reference reaches nobody', async () => {
    const { server, repository } = await withImage()
    for (const reference of ['', '..', 'v1?x', 'v1#x', 'a/b', 'v1\r\nX: y', '%2e%2e', 'sha256:..', 'v1 '])
      await expect(repository.resolve(reference)).rejects.toMatchObject({ code: expect.stringMatching(/^INVALID_/) })
    const digest = 'sha256:../../x' as Descriptor['digest']
    for (const mediaType of [mediaTypes.imageManifest, 'text/plain'])
      await expect(repository.fetch({ mediaType, digest, size: 1 })).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(server.requests).toEqual([])
  })
})

describe('reading', () => {
  test('asks for the type it was promised, and takes no other', async () => {
    const { server, repository, image } = await withImage()
    await readAll(repository, image)
    expect(server.requests.at(-1)?.headers.accept).toBe(image.mediaType)
    server.misbehave({ how: { kind: 'headers', headers: { 'content-type': mediaTypes.imageIndex } } })
    await expect(readAll(repository, image)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test.each([
    ['longer', { kind: 'longer', bytes: 1, stated: true }],
    ['longer by far', { kind: 'longer', bytes: 100_000, stated: true }],
    ['other', { kind: 'body', body: (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1) }],
  ] as const)('content that is %s is refused', async (_, how) => {
    const { server, repository, image } = await withImage()
    const blob = server.seed('org/app', { bytes: text('content'), mediaType: 'text/plain' })
    server.misbehave({ when: { method: 'GET' }, how })
    for (const target of [image, blob])
      await expect(readAll(repository, target)).rejects.toMatchObject({
        code: 'INVALID_CONTENT',
      })
  })

  test('content that breaks off is asked for again, and then fails', async () => {
    const { server, repository, image } = await withImage()
    let end = server.misbehave({ when: { method: 'GET', nth: [1, 2] }, how: { kind: 'truncate', bytes: 3 } })
    expect(await readAll(repository, image)).toHaveLength(image.size)
    end()
    end = server.misbehave({ when: { method: 'GET' }, how: { kind: 'truncate', bytes: 3 } })
    const details = { host: server.host, status: 200, retryable: true }
    await expect(readAll(repository, image)).rejects.toMatchObject(code('UNAVAILABLE_CONTENT', details))
  })

  test.each([
    ['small', 4_000_000],
    ['large', 10],
  ])('content that is shorter than it should be, and %s, has a code of its own', async (_, documentBytes) => {
    const { server, registry } = await serveRepository({}, { limits: { documentBytes } })
    const repository = registry.repository(`${server.host}/org/app`)
    const blob = server.seed('org/app', { bytes: text('some content'), mediaType: 'text/plain' })
    const body = (bytes: Uint8Array) => bytes.slice(0, -1)
    const end = server.misbehave({ when: { method: 'GET' }, how: { kind: 'body', body } })
    const details = { host: server.host, status: 200, retryable: true }
    await expect(readAll(repository, blob)).rejects.toMatchObject(code('UNAVAILABLE_CONTENT', details))
    end()
    const how = { kind: 'body', body: 'other content'.slice(1) } as const
    server.misbehave({ when: { method: 'GET' }, how })
    await expect(readAll(repository, blob)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('a descriptor that says more than there is of its digest is what is wrong', async () => {
    const { repository, image } = await withImage()
    const longer = { ...image, size: image.size + 1 }
    await expect(readAll(repository, longer)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('large blobs stream, and small ones do too where asked', async () => {
    const { server, registry } = await serveRepository({}, { limits: { documentBytes: 1000 } })
    const repository = registry.repository(`${server.host}/org/app`)
    const bytes = new Uint8Array(1_000_000).fill(7)
    const blob = server.seed('org/app', { bytes, mediaType: 'text/plain' })
    expect(await readAll(repository, blob, { maxBytes: bytes.length })).toEqual(bytes)
    server.misbehave({ how: { kind: 'truncate', bytes: 70_000 } })
    await expect(readAll(repository, blob, { maxBytes: bytes.length })).rejects.toMatchObject(
      code('UNAVAILABLE_CONTENT'),
    )
    const manifest = { ...blob, mediaType: mediaTypes.imageManifest }
    await expect(repository.fetch(manifest)).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
  })

  test('storage gets no credentials', async () => {
    const auth = { kind: 'basic', users: { me: 'secret' } } as const
    const { server, repository } = await serveRepository(
      { auth },
      { credentials: async () => ({ username: 'me', password: 'secret' }) },
    )
    const blob = server.seed('org/app', { bytes: text('content'), mediaType: 'text/plain' })
    server.misbehave({ when: { server: 'registry' }, how: { kind: 'redirect', to: 'elsewhere' } })
    expect(await readAll(repository, blob)).toEqual(text('content'))
    const there = server.requests.filter(({ server: name }) => name === 'elsewhere')
    expect(there.map(({ authorization }) => authorization)).toEqual([undefined])
  })
})

describe('writing', () => {
  const index = text('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}')
  const described = async () => ({
    mediaType: mediaTypes.imageIndex,
    digest: await digestBytes(index),
    size: index.length,
  })

  test('names the type that was given', async () => {
    const { server, repository } = await withImage()
    await repository.push(await described(), index)
    expect(server.requests.at(-1)).toMatchObject({ method: 'PUT', status: 201 })
    expect(server.requests.at(-1)?.headers['content-type']).toBe(mediaTypes.imageIndex)
    expect(await repository.resolve((await described()).digest)).toEqual(await described())
  })

  test.each([
    [2, undefined],
    [4, 'UNAVAILABLE_REGISTRY'],
  ])('a registry that forgets a blob for a moment is asked again: %i times', async (times, expected) => {
    const { server, repository } = await serveRepository()
    const nth = Array.from({ length: times }, (_, index) => index + 1)
    const how = { kind: 'status', status: 400, code: 'MANIFEST_BLOB_UNKNOWN' } as const
    server.misbehave({ when: { method: 'PUT', nth }, how })
    const pushed = repository.push(await described(), index)
    if (expected === undefined) await pushed
    else await expect(pushed).rejects.toMatchObject(code(expected))
    expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(Math.min(times + 1, 4))
  })

  test('a registry that stored something else is not believed', async () => {
    const { server, repository } = await withImage()
    server.misbehave({
      when: { method: 'PUT' },
      how: { kind: 'headers', headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } },
    })
    await expect(repository.push(await described(), index)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('too large a manifest is not sent', async () => {
    const { server, repository } = await withImage()
    const large = { ...(await described()), size: 5 * 1024 * 1024 }
    await expect(repository.push(large, new Uint8Array(large.size))).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(server.requests).toEqual([])
  })

  test('a tag is put on the very bytes that are there', async () => {
    const { server, repository, image } = await withImage()
    await repository.tag({ ...image, mediaType: mediaTypes.imageIndex }, 'v2')
    expect(await repository.resolve('v2')).toEqual(image)
    expect(methods(server)).toBe('GET PUT HEAD')
  })

  test('tagging what is given back wrongly is refused', async () => {
    const { server, repository, image } = await withImage()
    server.misbehave({ when: { method: 'GET' }, how: { kind: 'body', body: '{}' } })
    await expect(repository.tag(image, 'v2')).rejects.toMatchObject(code('INVALID_CONTENT'))
    expect(methods(server)).toBe('GET')
  })

  test('a subject that the registry does not confirm is listed under a tag', async () => {
    const { server, repository, image } = await withImage({ referrersApi: false })
    const { mediaType, digest, size } = image
    const referrer = text(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.imageIndex,
        manifests: [],
        subject: { mediaType, digest, size },
      }),
    )
    const target = { mediaType: mediaTypes.imageIndex, digest: await digestBytes(referrer), size: referrer.length }
    await repository.push(target, referrer)
    expect(methods(server)).toBe('PUT GET PUT')
    const listed: string[] = []
    for await (const each of repository.referrers(image)) listed.push(each.digest)
    expect(listed).toEqual([target.digest])
  })
})
