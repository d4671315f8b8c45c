// SPDX-License-Identifier: Apache-2.0
// Attacks on what the client knows of its user: credentials and tokens, where they go and where they are said.
import { inspect } from 'node:util'
import type { FakeRegistry, FakeRegistryOptions } from '@ocisign/conformance/fake'
import { isOcisignError, mediaTypes, signArtifact, verifyArtifact } from '@ocisign/core'
import { type CredentialRequest, createRegistry } from '@ocisign/registry'
import { describe, expect, test } from 'vitest'
import { code, createScene, errorOf, outcomeOf, signer, text, verifierFor } from './scene.js'

const me = { username: 'me', password: 'correct horse battery staple' }
const encoded = Buffer.from(`${me.username}:${me.password}`).toString('base64')
const users = { [me.username]: me.password }
const credentials = async () => me
const refresh = 'a-refresh-token-that-is-worth-a-lot'

type Auth = NonNullable<FakeRegistryOptions['auth']>
const kinds: readonly Auth[] = [
  { kind: 'basic', users },
  { kind: 'bearer', users },
]

/** All that must not be seen, as it may be written. */
const secrets = ({ tokens }: FakeRegistry) => [me.password, encoded, refresh, ...tokens.map(({ token }) => token)]

/** Everything that a log would show of an error, and of what caused it. */
function shownOf(error: unknown): string {
  const causes: unknown[] = []
  for (let each = error; each !== undefined && causes.length < 10; each = (each as { cause?: unknown }).cause)
    causes.push(each)
  const messages = causes.map((each) => `${each}\n${isOcisignError(each) ? JSON.stringify(each.details) : ''}`)
  return `${messages.join('\n')}\n${inspect(error, { depth: 20, showHidden: true })}`
}

describe('R14: a token is for one repository and one purpose', () => {
  test('each goes where it was asked for, and to no other repository', async () => {
    const { server, client } = await createScene({ server: { auth: kinds[1]! }, client: { credentials } })
    for (const name of ['org/one', 'org/two', 'org/one/sub']) {
      server.seedImage(name, 'v1')
      await signArtifact(client.repository(`${server.host}/${name}`), 'v1', signer)
      await verifyArtifact(client.repository(`${server.host}/${name}`), 'v1', verifierFor('*'))
    }
    const grants = new Map(server.tokens.map((each) => [`Bearer ${each.token}`, each.grants]))
    for (const each of server.requests) {
      if (each.server !== 'registry' || each.authorization === undefined) continue
      const name = /^\/v2\/(.+?)\/(?:manifests|blobs|referrers|tags)\//.exec(each.path)?.[1]
      expect([...grants.get(each.authorization)!.keys()]).toEqual([name])
    }
    expect(server.requests.some(({ authorization }) => authorization?.startsWith('Bearer '))).toBe(true)
  })

  test('who reads asks for no right to write', async () => {
    const { server, verify } = await createScene({ server: { auth: kinds[1]! }, client: { credentials } })
    await verify()
    expect(server.tokens.map(({ grants }) => [...grants])).toEqual([[['org/app', ['pull']]]])
  })

  test('a challenge that wants more of the user gets no more', async () => {
    const { server, verify } = await createScene({ server: { auth: kinds[1]! }, client: { credentials } })
    const scope = 'repository:org/app:pull,push,delete repository:org/secret:pull registry:catalog:*'
    const challenge = `Bearer realm="${server.origin}/token",service="fake registry",scope="${scope}"`
    const how = { kind: 'status', status: 401, headers: { 'www-authenticate': challenge } } as const
    server.misbehave({ when: { server: 'registry', nth: 1 }, how })
    await outcomeOf(verify())
    for (const { grants } of server.tokens) expect([...grants.keys()]).toEqual(['org/app'])
    for (const { grants } of server.tokens) expect(grants.get('org/app')).toEqual(['pull'])
  })
})

describe('R15: errors repeat what was sent', () => {
  test.each(kinds)('%o', async (auth) => {
    const { server, repository, verify, image } = await createScene({ server: { auth }, client: { credentials } })
    await repository.resolve('v1')
    for (const status of [400, 401, 403, 404, 418, 429, 500, 503]) {
      const end = server.misbehave({ when: { server: 'registry' }, how: { kind: 'echo', status } })
      const errors = [
        await errorOf(repository.resolve('v1')),
        await errorOf(repository.push(image, await contentOf(server))),
        await errorOf(verify()),
      ]
      end()
      for (const error of errors) {
        const shown = shownOf(error)
        for (const secret of secrets(server)) expect(shown).not.toContain(secret)
        expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
      }
    }
  })

  test.each(kinds)('bare, in words of its own: %o', async (auth) => {
    const { server, repository } = await createScene({ server: { auth }, client: { credentials } })
    await repository.resolve('v1')
    const said = (authorization = '') => {
      const sent = authorization.slice(authorization.indexOf(' ') + 1)
      return auth.kind === 'basic'
        ? Buffer.from(sent, 'base64')
            .toString()
            .slice(me.username.length + 1)
        : sent
    }
    server.misbehave({
      when: { server: 'registry', method: 'GET' },
      how: {
        kind: 'change',
        change: (answer, { headers }) => {
          const message = `for ${said(headers.authorization)} there is nothing`
          return { ...answer, status: 403, body: text(JSON.stringify({ errors: [{ code: 'DENIED', message }] })) }
        },
      },
    })
    const error = await errorOf(repository.resolve('absent'))
    expect(error).toMatchObject(code('DENIED_REPOSITORY'))
    expect(error.message).toContain('for … there is nothing')
    for (const secret of secrets(server)) expect(shownOf(error)).not.toContain(secret)
  })

  test('a token service repeats it, too', async () => {
    for (const credential of [me, { identityToken: refresh }]) {
      const { server, repository } = await createScene({
        server: { auth: kinds[1]! },
        client: { credentials: async () => credential },
      })
      server.misbehave({
        when: { server: 'token' },
        how: {
          kind: 'change',
          change: (answer, { headers, body }) => {
            const said = `no: ${headers.authorization} ${new TextDecoder().decode(body)} ${me.password} \u001b[31m`
            return {
              ...answer,
              status: 400,
              body: text(
                JSON.stringify({ error: said, error_description: said, errors: [{ code: 'DENIED', message: said }] }),
              ),
            }
          },
        },
      })
      const shown = shownOf(await errorOf(repository.resolve('v1')))
      for (const secret of secrets(server)) expect(shown).not.toContain(secret)
      expect((await errorOf(repository.resolve('v1'))).message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }
  })

  test('notices do not repeat it either', async () => {
    const notices: string[] = []
    const onNotice = ({ message }: { readonly message: string }) => void notices.push(message)
    const { server, repository } = await createScene({ server: { auth: kinds[0]! }, client: { credentials, onNotice } })
    server.misbehave({ when: { nth: [2, 3] }, how: { kind: 'echo', status: 503 } })
    await repository.resolve('v1')
    expect(notices.length).toBeGreaterThan(0)
    for (const secret of secrets(server)) expect(notices.join('\n')).not.toContain(secret)
  })
})

async function contentOf(server: FakeRegistry): Promise<Uint8Array> {
  const store = server.repository('org/app')
  const chunks: Uint8Array[] = []
  for await (const chunk of await store.fetch(await store.resolve('v1'))) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

describe('CVE-2025-27403, GHSA-44f7-5fj5-h4px, sigstore-js#1718: credentials are for exactly one host', () => {
  test('the source is asked for the host of the reference and nothing like it', async () => {
    const asked: CredentialRequest[] = []
    const source = async (request: CredentialRequest) => {
      asked.push(request)
      return undefined
    }
    const { server, repository } = await createScene({ server: { auth: kinds[0]! }, client: { credentials: source } })
    await expect(repository.resolve('v1')).rejects.toMatchObject(code('DENIED_CREDENTIALS'))
    expect(asked).toMatchObject([{ host: server.host, repository: `${server.host}/org/app` }])
  })

  test('those of one registry do not go to another, whatever its port or name', async () => {
    const { server: home } = await createScene({ server: { auth: kinds[0]! } })
    const { server: evil } = await createScene({ server: { auth: kinds[0]! } })
    const source = async ({ host }: CredentialRequest) => (host === home.host ? me : undefined)
    const client = createRegistry({ credentials: source })
    await client.repository(`${home.host}/org/app`).resolve('v1')
    const { port } = new URL(evil.origin)
    for (const host of [evil.host, `localhost:${port}`])
      await expect(client.repository(`${host}/org/app`).resolve('v1')).rejects.toMatchObject(code('DENIED_CREDENTIALS'))
    expect(evil.requests.map(({ authorization }) => authorization)).not.toContain(`Basic ${encoded}`)
    expect(evil.requests.every(({ authorization }) => authorization === undefined)).toBe(true)
    expect(home.requests.some(({ authorization }) => authorization === `Basic ${encoded}`)).toBe(true)
  })

  test.each(['127.0.0.1@evil.test/x', 'a.azurecr.io@evil.test/x'])('%s is no repository', (name) => {
    expect(() => createRegistry().repository(name)).toThrow(expect.objectContaining(code('INVALID_REFERENCE')))
  })
})

describe('CVE-2026-48978, GHSA-xf85-363p-868w, GHSA-28r5-37g7-p6mp, GHSA-8wfp-579w-6r25: where tokens are asked for', () => {
  const realms = [
    'http://169.254.169.254/latest/meta-data/iam',
    'https://169.254.169.254/',
    'https://[fe80::1]/token',
    'https://0.0.0.0/token',
    'http://10.0.0.1/token',
    'http://2852039166/token',
    'http://0xa9fea9fe/token',
    'http://0251.0376.0251.0376/token',
    'http://evil.test/token',
    'http://[::ffff:169.254.169.254]/token',
    'https://me:secret@evil.test/token',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    '//evil.test/token',
    '/token',
    '',
  ]
  test.each(realms)('not at %j', async (realm) => {
    const sent: string[] = []
    const spy: typeof globalThis.fetch = (input, init) => {
      sent.push(`${input}`)
      return fetch(input, init)
    }
    const auth = { kind: 'bearer', users, realm } as const
    const client = { credentials: async () => ({ identityToken: refresh }), fetch: spy }
    const { server, repository } = await createScene({ server: { auth }, client })
    expect((await errorOf(repository.resolve('v1'))).code).toMatch(/^UNAVAILABLE_(REALM|CREDENTIALS)$/)
    expect(sent.every((address) => address.startsWith(server.origin))).toBe(true)
    expect(server.requests.every(({ authorization }) => authorization === undefined)).toBe(true)
  })

  test('a token service that redirects elsewhere does not get them there', async () => {
    for (const credential of [me, { identityToken: refresh }])
      for (const status of [302, 307, 308] as const) {
        const client = { credentials: async () => credential }
        const auth = { kind: 'bearer', users, identityTokens: { [refresh]: 'me' } } as const
        const { server, repository } = await createScene({ server: { auth }, client })
        const to = new URL(`${server.elsewhere}/elsewhere`)
        server.misbehave({ when: { server: 'token' }, how: { kind: 'redirect', to, status } })
        expect((await errorOf(repository.resolve('v1'))).code).toMatch(/^(UNAVAILABLE|DENIED)_/)
        const there = server.requests.filter(({ server: at }) => at === 'elsewhere')
        for (const { headers, query, bodyBytes } of there) {
          expect(bodyBytes).toBe(0)
          for (const secret of secrets(server)) expect(JSON.stringify([headers, query])).not.toContain(secret)
        }
      }
  })
})

test('GHSA-fmqp-4wfc-w3v7, GHSA-qr4g-8hrp-c4rw, CVE-2026-41068, CVE-2026-41323, CVE-2026-40868, CVE-2026-4789: addresses in content get no request, and so no token', async () => {
  const { server, verify, image } = await createScene({
    server: { auth: kinds[1]! },
    client: { credentials },
    signatures: 0,
  })
  const at = `${server.elsewhere}/secret`
  const { mediaType, digest, size } = image
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    artifactType: 'application/vnd.cncf.notary.signature',
    config: { mediaType: mediaTypes.empty, digest, size: 2, urls: [at] },
    layers: [{ mediaType: 'application/jose+json', digest: `sha256:${'1'.repeat(64)}`, size: 2, urls: [at] }],
    subject: { mediaType, digest, size, urls: [at] },
    annotations: { 'org.opencontainers.image.source': at, 'org.opencontainers.image.url': at },
  }
  server.seed('org/app', { bytes: text(JSON.stringify(document)), mediaType: mediaTypes.imageManifest })
  expect(await outcomeOf(verify())).toBe('UNAVAILABLE_VERIFICATION')
  expect(server.requests.filter(({ server: of }) => of === 'elsewhere')).toEqual([])
})

test('no credentials are sent before they are asked for', async () => {
  const { server, repository } = await createScene({ client: { credentials } })
  await repository.resolve('v1')
  expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined])
})
