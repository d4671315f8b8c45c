// SPDX-License-Identifier: Apache-2.0
// Attacks by a registry that answers with other content than it was asked for.
import type { Misbehaviour } from '@ocisign/conformance/fake'
import {
  type Descriptor,
  type Digest,
  jws,
  mediaTypes,
  readAll,
  signArtifact,
  signatureArtifactType,
  verifyArtifact,
} from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import {
  bytesOf,
  code,
  createScene,
  emptyDigest,
  errorOf,
  junkManifest,
  outcomeOf,
  pathOf,
  type Scene,
  seedJunk,
  signer,
  text,
  verifierFor,
} from './scene.js'

const mebibyte = 1024 * 1024
const nowhere = `sha256:${'0'.repeat(64)}` as Digest
const sentBytes = ({ server }: Scene) => server.requests.reduce((sum, each) => sum + each.sentBytes, 0)

/** Another image with a good signature of its own. */
async function signOther({ server, inside }: Scene): Promise<Descriptor> {
  const other = server.seedImage('org/app', 'other')
  await signArtifact(inside, 'other', signer)
  return other
}

describe('CVE-2023-33959, GHSA-xhg5-42rf-296r: the wrong artifact, signed rightly', () => {
  test('whoever asks for a digest gets no other, whatever body and header say', async () => {
    const scene = await createScene({ signatures: 0 })
    const other = await signOther(scene)
    const { server, image, repository } = scene
    server.misbehave({ when: { path: image.digest }, how: { kind: 'instead', path: pathOf(other.digest) } })
    await expect(scene.verify(image.digest)).rejects.toMatchObject(code('INVALID_CONTENT'))
    // Neither the signature nor anything else of the other one was read.
    expect(server.requests.filter(({ method }) => method === 'GET').every(({ path }) => /referrers/.test(path))).toBe(
      true,
    )
    await expect(readAll(repository, image)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('nor where the registry answers GET only, and says nothing of a digest', async () => {
    const scene = await createScene({ signatures: 0 })
    const other = await signOther(scene)
    const { server, image, repository, verify } = scene
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    server.misbehave({ how: { kind: 'headers', headers: { 'docker-content-digest': undefined } } })
    server.misbehave({ when: { path: pathOf(image.digest) }, how: { kind: 'instead', path: pathOf(other.digest) } })
    await expect(repository.resolve(image.digest)).rejects.toMatchObject(code('INVALID_CONTENT'))
    await expect(verify(image.digest)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('the right header over another body', async () => {
    const { server, image, repository, inside, verify } = await createScene({ signatures: 0 })
    const other = server.seedImage('org/app')
    const bytes = await readAll(inside, other)
    server.misbehave({ when: { method: 'GET', what: 'manifests' }, how: { kind: 'body', body: bytes } })
    await expect(readAll(repository, image)).rejects.toMatchObject(code('INVALID_CONTENT'))
    await expect(verify(image.digest)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  })

  test('HEAD names the image, GET another', async () => {
    const scene = await createScene()
    const other = await signOther(scene)
    scene.server.misbehave({
      when: { method: 'GET', path: pathOf('v1') },
      how: { kind: 'instead', path: pathOf(other.digest) },
    })
    const { target } = await scene.verify('v1')
    expect(target.digest).toBe(scene.image.digest)
    await expect(readAll(scene.repository, scene.image)).resolves.toHaveLength(scene.image.size)
  })
})

describe('CVE-2022-47633, GHSA-m3cq-xcx9-3gvm, R1: a tag that moves', () => {
  test.each(['HEAD', 'GET'] as const)(
    'is resolved once, by %s, and the verdict names what was verified',
    async (method) => {
      const scene = await createScene()
      const { server, image, verify } = scene
      const other = server.seedImage('org/app', 'other')
      if (method === 'GET') server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
      server.misbehave({
        when: { method, path: pathOf('v1'), from: 2 },
        how: { kind: 'instead', path: pathOf(other.digest) },
      })
      const { target } = await verify('v1')
      expect(target.digest).toBe(image.digest)
      expect(server.requests.filter((each) => each.method === method && each.path === pathOf('v1'))).toHaveLength(1)
      // The second time it points at what nobody signed.
      await expect(verify('v1')).rejects.toMatchObject(
        code('UNTRUSTED_NO_SIGNATURE', { details: { target: other.digest } }),
      )
    },
  )
})

describe('CVE-2023-47630, GHSA-3hfq-cx9j-923w: the registry chooses the digest', () => {
  test('a header that names another digest than the body has', async () => {
    const scene = await createScene({ signatures: 0 })
    const other = await signOther(scene)
    const { server, repository, verify } = scene
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    const lie = { 'docker-content-digest': other.digest }
    server.misbehave({ when: { method: 'GET', path: pathOf('v1') }, how: { kind: 'headers', headers: lie } })
    await expect(verify('v1')).rejects.toMatchObject(code('INVALID_CONTENT'))
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('a HEAD that names a signed image has that one verified, and nothing else is fetched for it', async () => {
    const scene = await createScene({ signatures: 0 })
    const other = await signOther(scene)
    const { server, repository, verify } = scene
    const lie = { 'docker-content-digest': other.digest, 'content-length': `${other.size}` }
    server.misbehave({ when: { method: 'HEAD', path: pathOf('v1') }, how: { kind: 'headers', headers: lie } })
    const { target } = await verify('v1')
    // Whoever runs what the verdict names runs what was signed.
    expect(target.digest).toBe(other.digest)
    await expect(readAll(repository, { ...other, ...target })).resolves.toHaveLength(other.size)
  })

  test.each([
    'sha256:../../v2/org/secret',
    'sha256:0',
    `SHA256:${'0'.repeat(64)}`,
    `sha256:${'A'.repeat(64)}`,
    `md5:${'0'.repeat(32)}`,
    `sha256:${'0'.repeat(64)}?x`,
  ])('CVE-2024-3727, GHSA-6wvf-f2vw-3425, R2: a header that names %j is no digest', async (digest) => {
    const { server, image, repository } = await createScene()
    server.misbehave({
      when: { method: 'HEAD' },
      how: { kind: 'headers', headers: { 'docker-content-digest': digest } },
    })
    // What it is says the body then.
    expect((await repository.resolve('v1')).digest).toBe(image.digest)
    for (const { path, query } of server.requests) expect(`${path}?${query}`).not.toContain(digest)
  })

  test('R2: a digest by another algorithm is another name: what is compared is computed', async () => {
    const { server, repository, image } = await createScene()
    const bytes = await readAll(server.repository('org/app'), image)
    const hex = [...new Uint8Array(await crypto.subtle.digest('SHA-512', bytes as Uint8Array<ArrayBuffer>))]
      .map((each) => each.toString(16).padStart(2, '0'))
      .join('')
    const long = `sha512:${hex}` as Digest
    server.seed('org/app', { bytes, mediaType: image.mediaType, digest: long })
    expect((await repository.resolve(long)).digest).toBe(long)
    server.seed('org/app', { bytes: text('{}'), mediaType: image.mediaType, digest: `sha512:${hex.slice(1)}0` })
    const wrong = { ...image, size: 2, digest: `sha512:${hex.slice(1)}0` as Digest }
    await expect(readAll(repository, wrong)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })
})

/** Reads to the end what the store gives, without any check of the reader's own. */
async function drain(content: Promise<AsyncIterable<Uint8Array>>): Promise<void> {
  for await (const _ of await content);
}

describe('R1, R2: what is asked for by digest is held to all of it', () => {
  const swapped = (bytes: Uint8Array) => bytes.map((each, at) => (at === 20 ? each ^ 1 : each))

  test.each([
    ['at once', {}],
    ['as it streams', { limits: { documentBytes: 10 } }],
  ])('R2: another body of the same length under the right header is refused %s', async (_, client) => {
    const { server, repository, image } = await createScene({ signatures: 0, client })
    const blob = server.seed('org/app', { bytes: text('x'.repeat(50)), mediaType: 'text/plain' })
    server.misbehave({ when: { method: 'GET' }, how: { kind: 'body', body: swapped } })
    const targets = 'limits' in client ? [blob] : [image, blob]
    for (const target of targets)
      await expect(drain(repository.fetch(target))).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test.each([
    ['of another digest', (digest: string) => `${digest.slice(0, -1)}${digest.endsWith('0') ? '1' : '0'}`],
    ['of none', () => nowhere],
  ])('R2: a header that names one %s is refused, whatever the body is', async (_, lie) => {
    const { server, repository, image } = await createScene({ signatures: 0 })
    const blob = server.seed('org/app', { bytes: text('blob'), mediaType: 'text/plain' })
    for (const target of [image, blob]) {
      const headers = { 'docker-content-digest': lie(target.digest) }
      const end = server.misbehave({ how: { kind: 'headers', headers } })
      await expect(drain(repository.fetch(target))).rejects.toMatchObject(code('INVALID_CONTENT'))
      if (target === image)
        await expect(repository.resolve(image.digest)).rejects.toMatchObject(code('INVALID_CONTENT'))
      end()
    }
  })

  test('R1: what a tag names now is not what it named, however it is given', async () => {
    const { server, repository, image } = await createScene({ signatures: 0 })
    const { digest } = await repository.resolve('v1')
    const other = server.seedImage('org/app', 'v1', 'moved')
    const when = { path: digest }
    for (const header of [other.digest, digest, undefined]) {
      const end = server.misbehave({ when, how: { kind: 'instead', path: pathOf(other.digest) } })
      const headers = { 'docker-content-digest': header }
      const endToo = server.misbehave({ when, how: { kind: 'headers', headers } })
      await expect(drain(repository.fetch({ ...image, size: other.size }))).rejects.toMatchObject(
        code('INVALID_CONTENT'),
      )
      end()
      endToo()
    }
    // A registry without HEAD is held to the digest by the bytes alone.
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    server.misbehave({ when, how: { kind: 'instead', path: pathOf(other.digest) } })
    server.misbehave({ when, how: { kind: 'headers', headers: { 'docker-content-digest': undefined } } })
    await expect(repository.resolve(digest)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })
})

describe('R3: manifests listed that are of another artifact', () => {
  test('a good signature of another image', async () => {
    const scene = await createScene({ signatures: 0 })
    const other = await signOther(scene)
    const { server, image, verify } = scene
    const how = { kind: 'instead', path: `/v2/org/app/referrers/${other.digest}` } as const
    server.misbehave({ when: { what: 'referrers' }, how })
    for (const reference of ['v1', image.digest])
      await expect(verify(reference)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  })

  test('beside the right one, they change nothing', async () => {
    const scene = await createScene()
    const { server, image, verify, inside } = scene
    const other = await signOther(scene)
    const listed: Descriptor[] = []
    for (const each of [other, image]) for await (const descriptor of inside.referrers(each)) listed.push(descriptor)
    const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: listed })
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'body', body } })
    expect(await outcomeOf(verify())).toBe('verified')
  })
})

test('R4: a signature of other content, under a manifest of this image', async () => {
  const scene = await createScene({ signatures: 0 })
  const other = await signOther(scene)
  const { server, image, inside, verify } = scene
  for await (const manifest of inside.referrers(other)) {
    const { layers } = JSON.parse(new TextDecoder().decode(await readAll(inside, manifest)))
    seedJunk(server, image, 'moved', layers[0])
  }
  await expect(verify()).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
})

test('R5: a replay in another repository is verified by the policy of that one', async () => {
  const { server, client, image, inside, verify } = await createScene()
  const evil = server.repository('evil/app')
  for await (const manifest of inside.referrers(image)) {
    const bytes = await readAll(inside, manifest)
    for (const { mediaType, digest } of [manifest, ...JSON.parse(new TextDecoder().decode(bytes)).layers])
      server.seed('evil/app', { mediaType, bytes: await bytesOf(inside, digest) })
  }
  server.seed('evil/app', { mediaType: image.mediaType, bytes: await readAll(inside, image), tag: 'v1' })
  expect((await evil.resolve('v1')).digest).toBe(image.digest)
  const copy = client.repository(`${server.host}/evil/app`)
  await expect(verify('v1', {}, copy)).rejects.toMatchObject(code('UNTRUSTED_NO_POLICY'))
})

describe('R8: media types', () => {
  test('parameters are left aside', async () => {
    const { server, repository, verify, image } = await createScene()
    const headers = { 'content-type': `${mediaTypes.imageManifest}; charset=utf-8` }
    server.misbehave({ when: { what: 'manifests' }, how: { kind: 'headers', headers } })
    expect((await repository.resolve('v1')).mediaType).toBe(image.mediaType)
    // HEAD has said it all: nobody had to look into the manifest for its type.
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD'])
    expect(await outcomeOf(verify())).toBe('verified')
  })

  test('GHSA-qq97-vm5h-rrhg, GHSA-5j5w-g665-5m35: a type that the document does not have', async () => {
    const { server, repository, image } = await createScene()
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    const headers = { 'content-type': mediaTypes.imageIndex }
    server.misbehave({ when: { what: 'manifests' }, how: { kind: 'headers', headers } })
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('INVALID_MANIFEST'))
    await expect(readAll(repository, image)).rejects.toMatchObject(code('INVALID_CONTENT'))
  })

  test('GHSA-qq97-vm5h-rrhg: a signature is of one type: an index that HEAD says is something else', async () => {
    const { server, verify } = await createScene()
    const headers = { 'content-type': mediaTypes.imageIndex }
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'headers', headers } })
    expect(await outcomeOf(verify())).toMatch(/^(UNAVAILABLE_VERIFICATION|UNTRUSTED_NO_SIGNATURE)$/)
  })

  test('a type that nobody knows is told, and not guessed', async () => {
    const { server, repository } = await createScene({ server: { negotiates: false } })
    server.seed('org/app', {
      bytes: text('{"schemaVersion":1}'),
      mediaType: 'application/vnd.test.manifest',
      tag: 'odd',
    })
    await expect(repository.resolve('odd')).rejects.toMatchObject(code('UNSUPPORTED_MEDIA_TYPE'))
  })
})

test('R9, CVE-2020-15157: addresses in descriptors are not followed', async () => {
  const { server, image, verify } = await createScene({ signatures: 0 })
  const urls = [`${server.elsewhere}/secret`, 'http://169.254.169.254/latest']
  const layer = { mediaType: jws.mediaType, digest: nowhere, size: 10, urls } as unknown as Descriptor
  seedJunk(server, image, 'urls', layer)
  expect(await outcomeOf(verify())).toBe('UNAVAILABLE_VERIFICATION')
  expect(server.requests.filter(({ server: at }) => at === 'elsewhere')).toEqual([])
})

describe('R10: bodies that are not what their descriptor says', () => {
  const bodies: readonly (readonly [string, Misbehaviour])[] = [
    ['cut short', { kind: 'body', body: (bytes) => bytes.subarray(0, -1) }],
    ['cut short under the right length', { kind: 'truncate', bytes: 20 }],
    ['exchanged', { kind: 'body', body: (bytes) => bytes.map((each, at) => (at === 20 ? each ^ 1 : each)) }],
    ['empty', { kind: 'body', body: '' }],
    ['longer', { kind: 'longer', bytes: 1, stated: true }],
    ['longer by a gigabyte', { kind: 'longer', bytes: 1024 * mebibyte, stated: true }],
    ['compressed', { kind: 'gzip' }],
    ['compressed, and large', { kind: 'gzip', zeros: 20 * mebibyte }],
    ['under another digest', { kind: 'headers', headers: { 'docker-content-digest': nowhere } }],
  ]
  test.each(bodies)('a signature that is %s is no answer: neither verified nor unsigned', async (_, how) => {
    const scene = await createScene()
    scene.server.misbehave({ when: { what: 'blobs' }, how })
    const error = await errorOf(scene.verify())
    expect(error).toMatchObject(code('UNAVAILABLE_VERIFICATION'))
    expect(sentBytes(scene)).toBeLessThan(16 * mebibyte)
  })

  test.each(bodies)('a manifest that is %s is no answer either', async (_, how) => {
    const scene = await createScene()
    scene.server.misbehave({ when: { what: 'manifests', method: 'GET' }, how })
    const outcome = await outcomeOf(scene.verify())
    expect(outcome).toBe('UNAVAILABLE_VERIFICATION')
    expect(sentBytes(scene)).toBeLessThan(16 * mebibyte)
  })

  test('what comes without a length is what it is', async () => {
    const scene = await createScene()
    scene.server.misbehave({ how: { kind: 'chunked' } })
    expect(await outcomeOf(scene.verify())).toBe('verified')
  })
})

describe('CVE-2023-42813, CVE-2023-42814, CVE-2023-42815, CVE-2023-42816: content of any size', () => {
  test.each([4 * mebibyte + 1, 9e15])('a manifest that is said to have %i bytes is not fetched', async (size) => {
    const { server, repository, image } = await createScene()
    const fetched = () => server.requests.filter(({ method }) => method === 'GET')
    await expect(repository.fetch({ ...image, size })).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(fetched()).toEqual([])
  })

  test('CVE-2017-11468: a manifest that goes on for ever is cut off', async () => {
    const scene = await createScene()
    const { server, repository } = scene
    server.misbehave({ when: { method: 'HEAD' }, how: { kind: 'status', status: 405 } })
    server.misbehave({
      when: { method: 'GET', path: pathOf('v1') },
      how: { kind: 'longer', bytes: 1024 * mebibyte, stated: false },
    })
    server.misbehave({ when: { method: 'GET', path: pathOf('v1') }, how: { kind: 'chunked' } })
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(sentBytes(scene)).toBeLessThan(32 * mebibyte)
  })

  test('a signature that is said to be large is not fetched; the right one beside it is', async () => {
    const { server, image, verify } = await createScene()
    const digest = `sha256:${'1'.repeat(64)}` as Digest
    seedJunk(server, image, 'large', { mediaType: jws.mediaType, digest, size: 32 * mebibyte + 1 })
    expect(await outcomeOf(verify())).toBe('verified')
    expect(server.requests.some(({ path }) => path.includes(digest))).toBe(false)
  })

  test('CVE-2024-29902, CVE-2024-29903, GHSA-88jx-383q-w4qc, GHSA-95pr-fxf5-86gv: sizes and counts that are only said', async () => {
    const scene = await createScene({ signatures: 0 })
    const { server, image, verify } = scene
    const layer = { mediaType: jws.mediaType, digest: emptyDigest, size: 9e15 }
    seedJunk(server, image, 'huge', layer)
    const bytes = JSON.parse(new TextDecoder().decode(junkManifest(image, 'many')))
    bytes.layers = Array.from({ length: 20_000 }, () => layer)
    server.seed('org/app', { bytes: text(JSON.stringify(bytes)), mediaType: mediaTypes.imageManifest })
    const error = await errorOf(verify())
    expect(error.code).toMatch(/^(UNAVAILABLE_LIMIT|UNAVAILABLE_VERIFICATION|UNTRUSTED_NO_SIGNATURE)$/)
    expect(server.requests.filter(({ path }) => path.includes('/blobs/'))).toEqual([])
  })
})

test('GHSA-f36w-mj3v-6jqv: a size in a listing takes no memory', async () => {
  const { server, verify } = await createScene({ signatures: 0 })
  const manifests = [
    { mediaType: mediaTypes.imageManifest, digest: nowhere, size: 9e15, artifactType: signatureArtifactType },
  ]
  const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests })
  server.misbehave({ when: { what: 'referrers' }, how: { kind: 'body', body } })
  const before = process.memoryUsage().rss
  expect(await outcomeOf(verify())).toMatch(/^UNAVAILABLE_/)
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * mebibyte)
})

test('a policy for one repository is not one for another of the same registry', async () => {
  const { server, client } = await createScene()
  server.seedImage('org/app/b', 'v1')
  const verifier = verifierFor(`${server.host}/org/app`)
  const store = client.repository(`${server.host}/org/app/b`)
  await expect(verifyArtifact(store, 'v1', verifier)).rejects.toMatchObject(code('UNTRUSTED_NO_POLICY'))
})
