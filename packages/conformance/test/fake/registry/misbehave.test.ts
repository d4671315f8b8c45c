// SPDX-License-Identifier: Apache-2.0
// What the fake does wrong on command is what it was told, on the wire.
import { connect } from 'node:net'
import type { FakeRegistry, Misbehaviour, MisbehaviourRule } from '@ocisign/conformance/fake'
import { encodeText } from '@ocisign/core'
import { expect, onTestFinished, test } from 'vitest'
import { ask, digestOf, manifestText, putBlob, putManifest, seedManifest, start } from './ask.js'

const path = '/v2/org/app/manifests/v1'

async function startWith(how: Misbehaviour, when: MisbehaviourRule['when'] = {}): Promise<FakeRegistry> {
  const registry = await start()
  seedManifest(registry, 'org/app', {}, 'v1')
  registry.misbehave({ when, how })
  return registry
}

const get = (registry: FakeRegistry, at = path) => ask(registry, 'GET', at)
/** Why a request failed in transit. */
const failure = (registry: FakeRegistry) =>
  get(registry).then(
    () => 'none',
    (error: Error) => ((error.cause ?? error) as { code?: string }).code,
  )

/** What a connection says until it ends, or nothing comes any more. */
async function raw(registry: FakeRegistry, quiet = 300): Promise<string> {
  const socket = connect(Number(new URL(registry.origin).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.setTimeout(quiet, () => socket.destroy())
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${registry.host}\r\n\r\n`)
  let said = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    said += chunk
  })
  await new Promise((resolve) => socket.once('close', resolve))
  return said
}

test.each([
  [{ nth: 2 }, [200, 500, 200, 200]],
  [{ nth: [1, 3] }, [500, 200, 500, 200]],
  [{ from: 3 }, [200, 200, 500, 500]],
  [{ method: 'GET' }, [500, 500, 500, 500]],
  [{ method: ['HEAD', 'PUT'] }, [200, 200, 200, 200]],
  [{ what: 'manifests' }, [500, 500, 500, 500]],
  [{ what: 'blobs' }, [200, 200, 200, 200]],
  [{ path: '/v1' }, [500, 500, 500, 500]],
  [{ path: /v2$/ }, [200, 200, 200, 200]],
  [{ server: 'elsewhere' }, [200, 200, 200, 200]],
] as const)('%o chooses requests', async (when, statuses) => {
  const registry = await startWith({ kind: 'status', status: 500 }, when)
  const found: number[] = []
  for (const _ of statuses) found.push((await get(registry)).status)
  expect(found).toEqual(statuses)
})

test('a rule ends, and several go together', async () => {
  const registry = await startWith({ kind: 'headers', headers: { 'docker-content-digest': undefined } })
  const end = registry.misbehave({ how: { kind: 'body', body: 'other' } })
  expect((await get(registry)).text).toBe('other')
  end()
  end()
  const { text, headers } = await get(registry)
  expect([text, headers.get('docker-content-digest')]).toEqual([manifestText(), null])
})

test('a status comes with what belongs to it, and nothing is done', async () => {
  const registry = await startWith({ kind: 'status', status: 429, retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' })
  expect(await get(registry)).toMatchObject({ status: 429, code: 'TOOMANYREQUESTS' })
  expect((await get(registry)).headers.get('retry-after')).toBe('Wed, 21 Oct 2026 07:28:00 GMT')
  expect((await ask(registry, 'DELETE', path)).status).toBe(429)
  expect(await registry.repository('org/app').resolve('v1')).toBeDefined()
  registry.misbehave({ how: { kind: 'status', status: 404, body: 'hello', headers: { 'content-type': 'text/html' } } })
  expect((await get(registry)).status).toBe(429)
})

test('an error says back what was sent, among control characters', async () => {
  const registry = await startWith({ kind: 'echo', status: 403 })
  const { status, json } = await ask(registry, 'GET', path, { headers: { authorization: 'Basic c2VjcmV0' } })
  expect(status).toBe(403)
  expect(json.errors[0].message).toContain('Basic c2VjcmV0')
  expect(json.errors[0].message).toContain('\u001b[31m')
})

test('another digest, another body, the answer of another path', async () => {
  const digest = digestOf('other')
  const lying = await startWith({ kind: 'headers', headers: { 'docker-content-digest': digest } })
  expect((await get(lying)).headers.get('docker-content-digest')).toBe(digest)

  const swapped = await startWith({ kind: 'body', body: (bytes) => bytes.slice(1) }, { method: 'GET' })
  const { text, headers } = await get(swapped)
  expect([text, headers.get('docker-content-digest')]).toEqual([manifestText().slice(1), digestOf(manifestText())])

  const moving = await startWith({ kind: 'instead', path: '/v2/org/app/manifests/v2' }, { nth: 2 })
  const other = seedManifest(moving, 'org/app', { note: 'two' }, 'v2')
  expect((await ask(moving, 'HEAD', path)).headers.get('docker-content-digest')).not.toBe(other)
  expect((await get(moving)).headers.get('docker-content-digest')).toBe(other)
})

test('whatever else a test wants', async () => {
  const registry = await startWith({ kind: 'change', change: (answer) => ({ ...answer, status: 299 }) })
  expect((await get(registry)).status).toBe(299)
})

test.each(['request', 'answer', 'headers', 'body'] as const)('a connection breaks at the stage "%s"', async (at) => {
  const registry = await startWith({ kind: 'reset', at })
  expect(await failure(registry)).toMatch(/^(ECONNRESET|UND_ERR_SOCKET)$/)
  const said = await raw(registry)
  expect(said.startsWith('HTTP/1.1 200')).toBe(at === 'headers' || at === 'body')
  expect(said.includes('schemaVersion')).toBe(at === 'body')
})

test.each(['request', 'answer', 'headers', 'body'] as const)('an answer hangs at the stage "%s"', async (at) => {
  const registry = await startWith({ kind: 'hang', at })
  const said = await raw(registry)
  expect(said.startsWith('HTTP/1.1 200')).toBe(at === 'headers' || at === 'body')
  expect(said.includes('schemaVersion')).toBe(at === 'body')
  expect(said.includes('"note"')).toBe(false)
})

test.each([
  ['request', 200],
  ['answer', 404],
] as const)('what breaks at the stage "%s" leaves %i behind', async (at, status) => {
  const registry = await startWith({ kind: 'reset', at }, { method: 'DELETE' })
  await expect(ask(registry, 'DELETE', path)).rejects.toThrow()
  expect((await get(registry)).status).toBe(status)
})

test('a body ends too early under the right length', async () => {
  const registry = await startWith({ kind: 'truncate', bytes: 10 })
  expect(await failure(registry)).toMatch(/^(ECONNRESET|UND_ERR_SOCKET)$/)
  const [head, body] = (await raw(registry)).split('\r\n\r\n')
  expect(head).toContain(`content-length: ${manifestText().length}`)
  expect(body).toBe(manifestText().slice(0, 10))
})

test.each([true, false])('a body is longer; that its length says so is %s', async (stated) => {
  const registry = await startWith({ kind: 'longer', bytes: 50_000, stated })
  const [head, body] = (await raw(registry)).split('\r\n\r\n')
  expect(head).toContain(`content-length: ${manifestText().length + (stated ? 50_000 : 0)}`)
  expect(body).toHaveLength(manifestText().length + 50_000)
})

test('a body without length, and one that is compressed', async () => {
  const chunked = await startWith({ kind: 'chunked' })
  expect(await get(chunked)).toMatchObject({ status: 200, text: manifestText() })
  expect((await get(chunked)).headers.get('content-length')).toBeNull()

  const compressed = await startWith({ kind: 'gzip' })
  expect((await get(compressed)).text).toBe(manifestText())
  expect(await raw(compressed)).toContain('content-encoding: gzip')
  const bomb = await startWith({ kind: 'gzip', zeros: 1_000_000 })
  const response = await fetch(`${bomb.origin}${path}`)
  expect((await response.arrayBuffer()).byteLength).toBe(1_000_000)
  expect(bomb.requests[0]!.sentBytes).toBeLessThan(2000)
})

test('many slow answers at once do not look like a leak', async () => {
  const registry = await startWith({ kind: 'slow', bytes: 100, milliseconds: 20 })
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  registry.seedImage('org/app', 'v1')
  await Promise.all(Array.from({ length: 30 }, () => ask(registry, 'GET', '/v2/org/app/manifests/v1')))
  process.off('warning', note)
  expect(warnings).toEqual([])
})

test('bytes come slowly, and late', async () => {
  const registry = await startWith({ kind: 'slow', bytes: 100, milliseconds: 20 })
  registry.misbehave({ how: { kind: 'delay', milliseconds: 30 } })
  const start = performance.now()
  expect((await get(registry)).text).toBe(manifestText())
  expect(performance.now() - start).toBeGreaterThanOrEqual(30 + 20 * Math.floor((manifestText().length - 1) / 100) - 5)
})

test('who goes away is sent no more', async () => {
  const registry = await startWith({ kind: 'longer', bytes: 2 ** 31, stated: true })
  const abort = new AbortController()
  const response = await fetch(`${registry.origin}${path}`, { signal: abort.signal })
  for await (const _ of response.body!) break
  abort.abort()
  const record = registry.requests[0]!
  await expect.poll(() => record.finished).toBeDefined()
  expect(record.sentBytes).toBeLessThan(64 * 2 ** 20)
})

test('redirects lead round and round, along a chain, and away', async () => {
  const loop = await startWith({ kind: 'redirect', to: 'itself', status: 302 })
  expect(await get(loop)).toMatchObject({ status: 302 })
  expect((await get(loop)).headers.get('location')).toBe(path)

  const chain = await startWith({ kind: 'redirect', to: 'itself', hops: 3 })
  expect(await ask(chain, 'GET', path, { redirect: 'follow' })).toMatchObject({ status: 200, text: manifestText() })
  expect(chain.requests.map(({ status }) => status)).toEqual([307, 307, 307, 200])

  const away = await startWith({ kind: 'redirect', to: 'elsewhere' }, { server: 'registry' })
  const headers = { authorization: 'Basic c2VjcmV0' }
  expect(await ask(away, 'GET', path, { redirect: 'follow', headers })).toMatchObject({
    status: 200,
    text: manifestText(),
  })
  expect(away.requests.map(({ server }) => server)).toEqual(['registry', 'elsewhere'])

  const anywhere = await startWith({ kind: 'redirect', to: new URL('http://169.254.169.254/') })
  expect((await get(anywhere)).headers.get('location')).toBe('http://169.254.169.254/')
})

test.each([
  ['itself', path],
  ['elsewhere', undefined],
  ['file:///etc/passwd', 'file:///etc/passwd'],
])('the next page is %s', async (to, expected) => {
  const registry = await startWith({ kind: 'link', to })
  const link = (await get(registry)).headers.get('link')
  expect(link).toBe(`<${expected ?? `${registry.elsewhere}${path}`}>; rel="next"`)
})

test('pages of tags and of referrers never end, and each is another', async () => {
  const registry = await startWith({ kind: 'endless', perPage: 3 })
  for (const list of ['/v2/org/app/tags/list', `/v2/org/app/referrers/${digestOf('a')}?artifactType=a/b`]) {
    const seen = new Set<string>()
    let next = list
    for (let page = 0; page < 5; page += 1) {
      const { json, headers } = await get(registry, next)
      for (const each of json.tags ?? json.manifests) seen.add(each.digest ?? each)
      next = /<(.*)>/.exec(headers.get('link')!)![1]!
    }
    expect(seen.size).toBe(15)
  }
})

test('an upload goes on elsewhere, nowhere, or at an address that is none', async () => {
  const post = (registry: FakeRegistry) => ask(registry, 'POST', '/v2/org/app/blobs/uploads/')
  const elsewhere = await startWith({ kind: 'location', to: 'elsewhere' })
  const location = (await post(elsewhere)).headers.get('location')!
  expect(location.startsWith(elsewhere.elsewhere)).toBe(true)
  expect((await ask(elsewhere, 'PUT', `${location}&digest=${digestOf('a')}`, { body: 'a' })).status).toBe(201)
  expect((await post(await startWith({ kind: 'location', to: undefined }))).headers.get('location')).toBeNull()
  const odd = await startWith({ kind: 'location', to: 'file:///etc/passwd' })
  expect((await post(odd)).headers.get('location')).toBe('file:///etc/passwd')
})

test('a manifest is stored and not listed, or listed later', async () => {
  for (const listings of [undefined, 2]) {
    const registry = await startWith({ kind: 'unlisted', listings })
    await putBlob(registry, 'org/app', '{}')
    const subject = digestOf('image')
    const text = manifestText({ subject })
    await putManifest(registry, `/v2/org/app/manifests/${digestOf(text)}`, text)
    expect((await get(registry, `/v2/org/app/manifests/${digestOf(text)}`)).text).toBe(text)
    const counts: number[] = []
    for (let index = 0; index < 4; index += 1)
      counts.push((await get(registry, `/v2/org/app/referrers/${subject}`)).json.manifests.length)
    expect(counts).toEqual(listings === undefined ? [0, 0, 0, 0] : [0, 0, 1, 1])
  }
})

test('a referrer may be of another subject than it is listed under', async () => {
  const registry = await start()
  const [right, wrong] = [digestOf('right'), digestOf('wrong')]
  seedManifest(registry, 'org/app', { subject: wrong })
  registry.misbehave({ when: { what: 'referrers' }, how: { kind: 'instead', path: `/v2/org/app/referrers/${wrong}` } })
  expect((await get(registry, `/v2/org/app/referrers/${right}`)).json.manifests).toHaveLength(1)
})

test('a filter is said to be applied that was not', async () => {
  const registry = await start({ filtersReferrers: false })
  seedManifest(registry, 'org/app', { subject: digestOf('a'), artifactType: 'a/b' })
  registry.misbehave({ how: { kind: 'headers', headers: { 'oci-filters-applied': 'artifactType' } } })
  const { json, headers } = await get(registry, `/v2/org/app/referrers/${digestOf('a')}?artifactType=c/d`)
  expect([json.manifests.length, headers.get('oci-filters-applied')]).toEqual([1, 'artifactType'])
})

test('content that is not what its digest says', async () => {
  const registry = await start()
  const digest = digestOf('right')
  registry.seed('org/app', { bytes: encodeText('wrong'), mediaType: 'text/plain', digest })
  expect((await get(registry, `/v2/org/app/blobs/${digest}`)).text).toBe('wrong')
})
