// SPDX-License-Identifier: Apache-2.0
// Attacks by a registry that lists: without end, in part, or not at all. A listing that fails is never "unsigned".
import type { Answer, Misbehaviour } from '@ocisign/conformance/fake'
import { type Descriptor, type Digest, limits, mediaTypes, signArtifact, signatureArtifactType } from '@ocisign/core'
import { registryLimits } from '@ocisign/registry'
import { describe, expect, test } from 'vitest'
import { code, createScene, errorOf, outcomeOf, type Scene, seedJunk, signer, text } from './scene.js'

const listings = ({ server }: Scene) => server.requests.filter(({ path }) => path.includes('/referrers/'))
const collect = async <T>(values: AsyncIterable<T>) => {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

/** Silence is not waited for. */
const quick = { limits: { idleMilliseconds: 150 } }

/** A listing whose first page has junk, and whose second the signature. */
async function createPages(): Promise<Scene> {
  const scene = await createScene({ signatures: 0, server: { referrersPerPage: 1 }, client: quick })
  seedJunk(scene.server, scene.image)
  await signArtifact(scene.inside, 'v1', signer)
  return scene
}

const failures: readonly (readonly [string, Misbehaviour])[] = [
  ['500', { kind: 'status', status: 500 }],
  ['401', { kind: 'status', status: 401 }],
  ['403', { kind: 'status', status: 403 }],
  ['404', { kind: 'status', status: 404 }],
  ['405', { kind: 'status', status: 405 }],
  ['429', { kind: 'status', status: 429 }],
  ['429 until the end of days', { kind: 'status', status: 429, retryAfter: 999_999_999 }],
  ['204', { kind: 'status', status: 204 }],
  ['silence', { kind: 'hang', at: 'request' }],
  ['half of the page', { kind: 'hang', at: 'body' }],
  ['a connection that is lost', { kind: 'reset', at: 'answer' }],
  ['a connection that is lost in the body', { kind: 'reset', at: 'body' }],
  ['a body that is cut short', { kind: 'truncate', bytes: 20 }],
  ['a redirect in a circle', { kind: 'redirect', to: 'itself' }],
  ['text', { kind: 'body', body: '<html>hello</html>' }],
  ['nothing', { kind: 'body', body: '' }],
  ['null', { kind: 'body', body: 'null' }],
  ['no list', { kind: 'body', body: '{"schemaVersion":2}' }],
  ['a list that is null', { kind: 'body', body: '{"schemaVersion":2,"manifests":null}' }],
  ['a list that is an object', { kind: 'body', body: '{"schemaVersion":2,"manifests":{}}' }],
  ['two lists', { kind: 'body', body: '{"schemaVersion":2,"manifests":[],"manifests":[]}' }],
  ['a list in other letters', { kind: 'body', body: '{"schemaVersion":2,"Manifests":[{}],"manifests":[]}' }],
  ['entries that are none', { kind: 'body', body: '{"schemaVersion":2,"manifests":[{"digest":"sha256:0"}]}' }],
  ['compressed', { kind: 'gzip' }],
  ['a page of another type', { kind: 'headers', headers: { 'content-type': 'text/html' } }],
  ['a page that leads to a file', { kind: 'link', to: 'file:///etc/passwd' }],
  ['a page whose next cannot be read', { kind: 'headers', headers: { link: '<; rel=next' } }],
]

describe('R6: a listing of which a part is missing', () => {
  test.each(failures)('the second page is answered with %s: not "unsigned"', async (_, how) => {
    const scene = await createPages()
    scene.server.misbehave({ when: { what: 'referrers', path: 'last=' }, how })
    const error = await errorOf(scene.verify())
    expect(error.code).toMatch(/^(UNAVAILABLE|DENIED)_/)
    expect(listings(scene).length).toBeLessThanOrEqual(1 + registryLimits.redirects + registryLimits.tries)
  })

  test.each(failures)('the second page is answered with %s: listing throws', async (_, how) => {
    const { server, repository, image } = await createPages()
    server.misbehave({ when: { what: 'referrers', path: 'last=' }, how })
    const listing = errorOf(collect(repository.referrers(image, { artifactType: signatureArtifactType })))
    expect((await listing).code).toMatch(/^(UNAVAILABLE_LISTING|DENIED_\w+|UNAVAILABLE_CREDENTIALS)$/)
  })

  test('a signature on the page before that one is good', async () => {
    const scene = await createScene({ server: { referrersPerPage: 1 } })
    seedJunk(scene.server, scene.image)
    scene.server.misbehave({ when: { what: 'referrers', path: 'last=' }, how: { kind: 'status', status: 500 } })
    expect(await outcomeOf(scene.verify())).toBe('verified')
  })

  test('once the page is there again, so is the signature', async () => {
    const { server, verify } = await createPages()
    server.misbehave({ when: { what: 'referrers', path: 'last=', nth: [1, 2] }, how: { kind: 'status', status: 429 } })
    expect(await outcomeOf(verify())).toBe('verified')
  })
})

describe('R7: a listing that fails at once', () => {
  test.each(failures.filter(([name]) => name !== '404'))('it is answered with %s: not "unsigned"', async (_, how) => {
    const scene = await createScene({ client: quick })
    scene.server.misbehave({ when: { what: 'referrers' }, how })
    for (const reference of ['v1', scene.image.digest])
      expect((await errorOf(scene.verify(reference))).code).toMatch(/^(UNAVAILABLE|DENIED)_/)
  })

  test('404 means that there is no such API, and the tag is asked', async () => {
    const { server, verify, image } = await createScene({ server: { referrersApi: false } })
    expect(await outcomeOf(verify())).toBe('verified')
    expect(server.requests.some(({ path }) => path.endsWith(image.digest.replace(':', '-')))).toBe(true)
  })

  test.each(
    failures.filter(
      ([name]) =>
        ![
          '404',
          'a page that leads to a file',
          'a page whose next cannot be read',
          'a page of another type',
          'entries that are none',
        ].includes(name),
    ),
  )('the tag schema is answered with %s: not "unsigned"', async (_, how) => {
    const scene = await createScene({ server: { referrersApi: false }, client: quick })
    scene.server.misbehave({ when: { path: /manifests\/sha256-/ }, how })
    expect((await errorOf(scene.verify())).code).toMatch(/^(UNAVAILABLE|DENIED)_/)
  })

  test.each([true, false])('a filter that is not applied, and said to be: %s', async (says) => {
    const { server, repository, image, verify } = await createScene({ server: { filtersReferrers: false } })
    const other = seedOther(server, image)
    if (says) server.misbehave({ how: { kind: 'headers', headers: { 'oci-filters-applied': 'artifactType' } } })
    const listed = await collect(repository.referrers(image, { artifactType: signatureArtifactType }))
    expect(listed.map(({ digest }) => digest)).not.toContain(other.digest)
    expect(listed).toHaveLength(1)
    expect(await outcomeOf(verify())).toBe('verified')
  })
})

/** A manifest of another kind that refers to the image. */
function seedOther(server: Scene['server'], { mediaType, digest, size }: Descriptor) {
  const bytes = new TextEncoder().encode(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.imageManifest,
      artifactType: 'application/spdx+json',
      config: { mediaType: mediaTypes.empty, digest, size: 2 },
      layers: [],
      subject: { mediaType, digest, size },
    }),
  )
  return server.seed('org/app', { bytes, mediaType: mediaTypes.imageManifest })
}

describe('retagger#1237, cosign verify.go#1754: a listing that is throttled', () => {
  test('429 is waited for, and not "unsigned"', async () => {
    const { server, verify } = await createScene()
    server.misbehave({ when: { what: 'referrers', nth: [1, 2] }, how: { kind: 'status', status: 429, retryAfter: 0 } })
    expect(await outcomeOf(verify())).toBe('verified')
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'status', status: 429 } })
    const error = await errorOf(verify())
    expect(error).toMatchObject(code('UNAVAILABLE_VERIFICATION', { details: { retryable: true } }))
    expect(error.message).toContain('429')
  })

  test('429 for one of the signatures is not "unsigned" either', async () => {
    const { server, verify } = await createScene()
    server.misbehave({ when: { what: 'blobs' }, how: { kind: 'status', status: 429 } })
    await expect(verify()).rejects.toMatchObject(code('UNAVAILABLE_VERIFICATION', { details: { retryable: true } }))
  })
})

describe('CVE-2023-33957, CVE-2023-33958, CVE-2023-46737, GHSA-vfp6-jrw2-99g9: signatures without end', () => {
  test('stop at the limit, with few requests, and are not "unsigned"', async () => {
    const { server, image, verify } = await createScene({ signatures: 0 })
    for (let count = 0; count < limits.signatures + 200; count += 1) seedJunk(server, image, `junk ${count}`)
    await expect(verify()).rejects.toMatchObject(code('UNAVAILABLE_LIMIT'))
    expect(server.requests.length).toBeLessThanOrEqual(2 + 2 * (limits.signatures + limits.parallelFetches))
  })

  test('are not even listed where one before them is good', async () => {
    const scene = await createScene({ server: { referrersPerPage: 1 } })
    for (let count = 0; count < 60; count += 1) seedJunk(scene.server, scene.image, `junk ${count}`)
    expect(await outcomeOf(scene.verify())).toBe('verified')
    expect(listings(scene).length).toBeLessThanOrEqual(2 * limits.parallelFetches)
  })
})

describe('GHSA-298f-872v-2rcx: pages without end', () => {
  test('stop at the limit of what is on them, though none of it was asked for', async () => {
    const scene = await createScene({ signatures: 0 })
    const { server, repository, image } = scene
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'endless', perPage: 15_000 } })
    const change = (answer: Answer) => ({
      ...answer,
      body: text(new TextDecoder().decode(answer.body).replaceAll('a/b', 'c/d')),
    })
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'change', change } })
    const listing = collect(repository.referrers(image, { artifactType: 'a/b' }))
    await expect(listing).rejects.toMatchObject(code('UNAVAILABLE_LISTING'))
    expect(listings(scene)).toHaveLength(Math.ceil((limits.referrers + 1) / 15_000))
  })

  test('stop at the limit, and are not "unsigned"', async () => {
    const scene = await createScene({ signatures: 0 })
    const how = { kind: 'change', change: noneOf } as const
    scene.server.misbehave({ when: { what: 'referrers' }, how: { kind: 'endless' } })
    scene.server.misbehave({ when: { what: 'referrers' }, how })
    expect((await errorOf(scene.verify())).code).toMatch(/^UNAVAILABLE_/)
    expect(listings(scene)).toHaveLength(registryLimits.pages)
  })

  test('stop at the limit of tags, too', async () => {
    const { server, repository } = await createScene({ client: { limits: { pages: 7 } } })
    server.misbehave({ when: { what: 'tags' }, how: { kind: 'endless', perPage: 10 } })
    await expect(collect(repository.tags())).rejects.toMatchObject(code('UNAVAILABLE_LISTING'))
    expect(server.requests).toHaveLength(7)
  })

  test.each(['referrers', 'tags'] as const)('a page of %s that is its own next', async (what) => {
    const scene = await createScene({ signatures: 0 })
    const { server, repository, image } = scene
    server.misbehave({ when: { what }, how: { kind: 'link', to: 'itself' } })
    const list = what === 'tags' ? repository.tags() : repository.referrers(image)
    await expect(collect<unknown>(list)).rejects.toMatchObject(code('UNAVAILABLE_LISTING'))
    expect(server.requests.length).toBeLessThanOrEqual(2)
  })

  test('a page that is larger than any may be', async () => {
    const { server, image, verify } = await createScene({ signatures: 0 })
    const entry = {
      mediaType: mediaTypes.imageManifest,
      digest: image.digest as Digest,
      size: 700,
      artifactType: 'a/b',
    }
    const body = JSON.stringify({ schemaVersion: 2, manifests: Array.from({ length: 30_000 }, () => entry) })
    server.misbehave({ when: { what: 'referrers' }, how: { kind: 'body', body } })
    expect((await errorOf(verify())).code).toMatch(/^UNAVAILABLE_/)
  })
})

/** The page without what it lists. */
function noneOf<T extends { readonly body: Uint8Array }>(answer: T): T {
  const document = JSON.parse(new TextDecoder().decode(answer.body))
  return { ...answer, body: new TextEncoder().encode(JSON.stringify({ ...document, manifests: [] })) }
}

describe('GHSA-h7vf-4x9w-h99v: a next page elsewhere', () => {
  const users = { me: 'secret' }
  test.each(['basic', 'bearer'] as const)('gets no credentials (%s)', async (kind) => {
    const credentials = async () => ({ username: 'me', password: 'secret' })
    const scene = await createScene({ signatures: 0, server: { auth: { kind, users } }, client: { credentials } })
    const { server, verify } = scene
    server.misbehave({ when: { server: 'registry', what: 'referrers' }, how: { kind: 'link', to: 'elsewhere' } })
    await outcomeOf(verify())
    const elsewhere = server.requests.filter((each) => each.server === 'elsewhere')
    for (const { headers } of elsewhere) expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined])
    expect(listings(scene).some(({ authorization }) => authorization !== undefined)).toBe(true)
  })

  test('that asks for credentials gets none, and the listing has failed', async () => {
    const credentials = async () => ({ username: 'me', password: 'secret' })
    const { server, verify } = await createScene({
      signatures: 0,
      server: { auth: { kind: 'basic', users } },
      client: { credentials },
    })
    server.misbehave({ when: { server: 'registry', what: 'referrers' }, how: { kind: 'link', to: 'elsewhere' } })
    const challenge = { 'www-authenticate': 'Basic realm="give me all you have"' }
    server.misbehave({ when: { server: 'elsewhere' }, how: { kind: 'status', status: 401, headers: challenge } })
    expect((await errorOf(verify())).code).toMatch(/^UNAVAILABLE_/)
    for (const each of server.requests.filter((each) => each.server === 'elsewhere'))
      expect(each.authorization).toBeUndefined()
  })
})

test('hazard "one bad referrer": one that cannot be read does not hide the others', async () => {
  for (const how of [
    { kind: 'status', status: 500 },
    { kind: 'body', body: 'x' },
  ] as const) {
    const { server, image, inside, verify } = await createScene({ signatures: 0 })
    const junk = seedJunk(server, image)
    await signArtifact(inside, 'v1', signer)
    server.misbehave({ when: { path: junk.digest }, how })
    expect(await outcomeOf(verify())).toBe('verified')
  }
})
