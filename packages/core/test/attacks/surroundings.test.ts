// SPDX-License-Identifier: Apache-2.0
// Attacks by way of what is around: policies that hide something, names without end, the network, the working directory.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFakeAuthority } from '@ocisign/conformance/fake'
import {
  createMemoryTrustStore,
  isOcisignError,
  jws,
  matchesIdentity,
  OcisignError,
  parseDigest,
  parsePayload,
  parsePem,
  parseReference,
  parseRepository,
  parseTrustedIdentity,
  parseTrustPolicy,
  signBlob,
  type Target,
  verifyArtifact,
  verifyBlob,
} from '@ocisign/core'
import { defaultConfigDirectory } from '@ocisign/core/node'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { validateChain } from '../../src/notary/chain.js'
import { oids } from '../../src/x509/oid.js'
import { caught, code, repository } from '../families.js'
import { blobPolicyOf, createScene } from '../notary/scene.js'
import { explicit, implicit, sequence } from '../x509/make.js'

const packages = new URL('../../../', import.meta.url)
const target: Target = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 7 }
const context = { scope: repository }

describe('CVE-2024-23332, GHSA-57wx-m636-g3g8: an old image whose signature has expired', () => {
  test('is refused by strict, and by others never called verified, with the expiry named', async () => {
    const scene = await createScene()
    await scene.sign({ expirySeconds: 60 })
    const clock = () => new Date(Date.now() + 3_600_000)
    await expect(scene.verify({ clock })).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    for (const level of ['permissive', 'audit']) {
      const verdict = await scene.verify({ level, clock })
      expect(verdict).toMatchObject({
        decision: 'tolerated',
        proofs: [{ outcomes: { expiry: { status: 'failed', error: code('UNTRUSTED_EXPIRED') } } }],
      })
    }
    // Whoever wants the rest of permissive enforces this one.
    const override = { level: 'permissive', override: { expiry: 'enforce' }, clock }
    await expect(scene.verify(override)).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  })
})

describe('policies', () => {
  const statement = {
    name: 'p',
    registryScopes: ['example.com/a'],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:x'],
    trustedIdentities: ['x509.subject: C=US, ST=WA, O=A'],
  }
  const parse = (change: object) =>
    parseTrustPolicy({ version: '1.0', trustPolicies: [{ ...statement, ...change }] }, 'oci')

  test('CVE-2025-29778, GHSA-46mp-8w32-6g94: a restriction that nobody knows is an error, not ignored', () => {
    for (const change of [
      { subjectRegExp: '^x$' },
      { issuerRegExp: '(' },
      { trustedIdentites: [] },
      { signatureVerification: { level: 'strict', maxAge: 1 } },
      { trustedIdentities: ['subjectRegExp:^x$', '*'] },
    ])
      expect(() => parse(change)).toThrow(expect.objectContaining(code('INVALID_TRUST_POLICY')))
    expect(matchesIdentity('C=US,ST=WA,O=A', parseTrustedIdentity('subjectRegExp:.*'))).toBe(false)
  })

  test('hazard "ca:..": a store is a name and never a path', async () => {
    for (const store of ['ca:..', 'ca:.', 'ca:a/b', 'ca:a\\b', 'ca:', 'ca:a b', 'CA:x', 'x509:x', 'x'])
      expect(() => parse({ trustStores: [store] })).toThrow(expect.objectContaining(code('INVALID_TRUST_POLICY')))
    for (const name of ['..', '.', '', 'a/b'])
      await expect(createMemoryTrustStore({ ca: { [name]: [] } })).rejects.toMatchObject(code('MISUSE_OPTION'))
  })

  test('law 1: absence of a policy is an error', async () => {
    const scene = await createScene()
    await scene.sign()
    const elsewhere = { ...scene.store, repository: 'example.com/elsewhere' }
    await expect(verifyArtifact(elsewhere, 'v1', scene.verifierOf())).rejects.toMatchObject(code('UNTRUSTED_NO_POLICY'))
    expect(() => parseTrustPolicy('{"version":"1.0","trustPolicies":[]}', 'oci')).toThrow(OcisignError)
  })

  test('P3: the environment and annotations turn nothing off', async () => {
    const scene = await createScene()
    for (const name of ['OCISIGN_SKIP', 'NOTATION_EXPERIMENTAL', 'NODE_ENV', 'CI', 'SKIP_VERIFY']) vi.stubEnv(name, '1')
    await expect(scene.verify()).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
    const annotated = {
      ...scene.store,
      resolve: async () => ({ ...scene.image, annotations: { 'io.cncf.notary.verified': 'true', skip: 'true' } }),
    }
    await expect(verifyArtifact(annotated, 'v1', scene.verifierOf())).rejects.toMatchObject(
      code('UNTRUSTED_NO_SIGNATURE'),
    )
  })

  test('hazard "afterCertExpiry": that a timestamp was not looked at does not read as if it was', async () => {
    const scene = await createScene()
    const trustStore = await createMemoryTrustStore({ ca: { test: [scene.root] }, tsa: { test: [scene.root] } })
    await scene.sign()
    const options = { trustStore, trustStores: ['ca:test', 'tsa:test'], verifyTimestamp: 'afterCertExpiry' }
    const now = await scene.verify(options)
    expect(now).toMatchObject({ decision: 'verified', validUntil: expect.any(Date) })
    const end = 'validUntil' in now ? now.validUntil!.getTime() : 0
    const later = scene.verify({ ...options, clock: () => new Date(end + 1) })
    await expect(later).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
  })
})

describe('CVE-2023-7279, CVE-2026-26996, J5: text that makes patterns go back and forth', () => {
  const evil = [
    'a'.repeat(1_000_000),
    `${'a.'.repeat(400_000)}!`,
    `${'a-'.repeat(400_000)}/`,
    `${'a/'.repeat(400_000)}:`,
    `${'0.'.repeat(100)}!`,
    `C=${'\\,'.repeat(300_000)}`,
    `x509.subject:${'C=US,'.repeat(100_000)}`,
    `${' '.repeat(500_000)}x`,
    '='.repeat(1_000_000),
    `sha256:${'0'.repeat(1_000_000)}`,
    `-----BEGIN ${'A '.repeat(200_000)}`,
    `-----BEGIN A-----\n${' \t'.repeat(200_000)}x`,
  ]
  const parsers: readonly (readonly [string, (text: string) => unknown])[] = [
    ['parseReference', parseReference],
    ['parseRepository', parseRepository],
    ['parseDigest', parseDigest],
    ['parseTrustedIdentity', parseTrustedIdentity],
    ['parsePem', (text) => parsePem(text)],
    ['parsePayload', (text) => parsePayload(new TextEncoder().encode(text))],
    ['jws', (text) => jws.parse(new TextEncoder().encode(text))],
    ['parseTrustPolicy', (text) => parseTrustPolicy(text, 'oci')],
  ]

  test.each(parsers)('%s', (_, parse) => {
    for (const text of evil) {
      const started = performance.now()
      try {
        parse(text)
      } catch (error) {
        if (!isOcisignError(error)) throw error
        expect(error.code).toMatch(/^INVALID_/)
        expect(error.message.length).toBeLessThan(3000)
      }
      expect(performance.now() - started).toBeLessThan(2000)
    }
  })
})

describe('no network, no processes, no files nobody named', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.unstubAllEnvs()
  })

  /** Every source file of the packages that verify. */
  const sources = ['core', 'layout', 'provider-local'].flatMap((name) => {
    const root = new URL(`${name}/src/`, packages)
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => [`${name}/src/${path}`, readFileSync(new URL(path, root), 'utf8')] as const)
  })

  test('GHSA-459x-q9hg-4gpq, CVE-2026-22039, CVE-2026-24117: no source can reach a network or start a process', () => {
    expect(sources.length).toBeGreaterThan(100)
    const forbidden =
      /node:(?:http|https|http2|net|tls|dns|dgram|child_process|worker_threads|vm|inspector)|(?<![.\w'"`])fetch\(|XMLHttpRequest|WebSocket|\beval\(|new Function\(/
    for (const text of [`import 'node:https'`, 'await fetch(url)', 'new WebSocket(url)'])
      expect(text).toMatch(forbidden)
    const found = sources.filter(([, text]) =>
      forbidden.test(
        text
          .replace(/^\s*(?:\*|\/\/|\/\*).*$/gm, '')
          // Methods of stores have the name, too.
          .replace(/^\s*async fetch\([\w, ]*\) \{$/gm, '')
          .replace(/^\s*(?:async )?fetch\((?:target|\w+: ?)/gm, ''),
      ),
    )
    expect(found.map(([path]) => path)).toEqual([])
  })

  test('law 3, V5: addresses in a chain, in descriptors and in headers make no request', async () => {
    const requested = vi.fn(() => Promise.reject(new Error('a request')))
    vi.stubGlobal('fetch', requested)
    const root = await createFakeAuthority()
    const { key } = await root.issue({
      crlUrls: ['http://127.0.0.1:9/x.crl', 'file:///etc/passwd', 'ldap://127.0.0.1/'],
      ocspUrls: ['http://169.254.169.254/'],
    })
    const scene = await createScene()
    const attributes = [{ key: 'jku', value: 'http://127.0.0.1:9/keys', critical: false }]
    const signature = await scene.signerOf({ key, extendedAttributes: attributes }).sign(target)
    for (const trusted of [[root.certificate], [scene.root]]) {
      const trustStore = await createMemoryTrustStore({ ca: { test: trusted } })
      for (const level of ['strict', 'permissive', 'audit']) {
        const verifier = scene.verifierOf({ trustStore, trustStores: ['ca:test'], trustedIdentities: ['*'], level })
        await verifier.verify(target, signature, context).catch((error: unknown) => {
          if (!isOcisignError(error)) throw error
        })
      }
    }
    expect(requested).not.toHaveBeenCalled()
  })

  test('CVE-2023-32076, CVE-2021-41087, CVE-2025-62375: what lies in the working directory configures nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cwd-'))
    const before = process.cwd()
    try {
      const skip = {
        version: '1.0',
        trustPolicies: [{ name: 'x', registryScopes: ['example.com/app'], signatureVerification: { level: 'skip' } }],
      }
      for (const name of ['trustpolicy.json', 'trustpolicy.oci.json', '.ocisign.json', '.in_totorc'])
        await writeFile(join(folder, name), JSON.stringify(skip))
      process.chdir(folder)
      const scene = await createScene()
      await expect(scene.verify()).rejects.toMatchObject(code('UNTRUSTED_NO_SIGNATURE'))
      for (const env of [{}, { HOME: '.' }, { XDG_CONFIG_HOME: '.', HOME: '/home/x' }])
        expect(() => defaultConfigDirectory({ env, home: '', platform: 'linux' })).toThrow(
          expect.objectContaining(code('MISUSE_OPTION')),
        )
    } finally {
      process.chdir(before)
      await rm(folder, { recursive: true })
    }
  })

  test('J11: packages run nothing when they are installed, and need little', () => {
    const manifests = readdirSync(packages)
      .filter((name) => existsSync(new URL(`${name}/package.json`, packages)))
      .map((name) => JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')))
    expect(manifests.length).toBeGreaterThanOrEqual(5)
    for (const { name, scripts = {}, dependencies = {} } of manifests) {
      for (const script of ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'])
        expect(scripts, name).not.toHaveProperty(script)
      const others = Object.keys(dependencies).filter((each) => !each.startsWith('@ocisign/'))
      expect(
        others.filter((each) => each !== '@noble/curves' && !(name === 'ocisign' && each === 'undici')),
        name,
      ).toEqual([])
    }
  })
})

describe('X.509: what cost others their time', () => {
  const dnsNames = (count: number) =>
    sequence(...Array.from({ length: count }, (_, index) => implicit(2, new TextEncoder().encode(`${index}.example`))))

  test('CVE-2025-58187, CVE-2025-61727, CVE-2026-27138: name constraints against thousands of names are not computed', async () => {
    const subtrees = Array.from({ length: 500 }, (_, index) =>
      sequence(implicit(2, new TextEncoder().encode(`*.${index}.example`))),
    )
    const constraints = sequence(explicit(0, ...subtrees), explicit(1, ...subtrees))
    const root = await createFakeAuthority({
      extensions: [{ oid: oids.nameConstraints, critical: true, value: constraints }],
    })
    const started = performance.now()
    const judged = await root
      .issue({ extensions: [{ oid: '2.5.29.17', critical: false, value: dnsNames(1000) }] })
      .then(({ chain }) => validateChain(chain))
      .catch((error: unknown) => error)
    // Read and left alone, or refused: either way soon.
    if (judged instanceof Error) expect(judged).toBeInstanceOf(OcisignError)
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('CVE-2026-32280, CVE-2026-32281: no path is searched: the order is given, and ten certificates are all', async () => {
    const root = await createFakeAuthority()
    const twins = await Promise.all(Array.from({ length: 30 }, () => root.issueAuthority()))
    const { chain } = await twins[7]!.issue()
    const started = performance.now()
    for (const der of [
      [chain[0]!, ...twins.map(({ certificate }) => certificate), root.certificate],
      [chain[0]!, ...twins.slice(0, 8).map(({ certificate }) => certificate), root.certificate],
    ])
      await expect(validateChain(der)).rejects.toMatchObject(code('INVALID_CERTIFICATE_CHAIN'))
    expect(performance.now() - started).toBeLessThan(2000)
    expect((await validateChain(chain)).certificates).toHaveLength(3)
  })

  test('CVE-2025-66564, CVE-2025-66506: an object identifier of a million arcs', async () => {
    const root = await createFakeAuthority()
    const issue = (content: number, length = content) => {
      const head = Uint8Array.of(6, 0x82, length >> 8, length & 0xff)
      const value = sequence(head, new Uint8Array(content).fill(1))
      return root.issue({
        extendedKeyUsage: undefined,
        extensions: [{ oid: oids.extendedKeyUsage, critical: false, value }],
      })
    }
    const started = performance.now()
    // A purpose that nobody knows is none of those that are refused, however long its name.
    const { certificates } = await validateChain((await issue(60_000)).chain)
    expect(certificates[0]!.extendedKeyUsage![0]!.length).toBeLessThan(200_000)
    expect(performance.now() - started).toBeLessThan(2000)
    const more = (await issue(64 * 1024 - 200)).chain
    await expect(validateChain(more)).rejects.toThrow(OcisignError)
    await expect(validateChain((await issue(100, 60_000)).chain)).rejects.toMatchObject(code('INVALID_DER'))
  })
})

test('law 4: a blob’s digest is computed here, and a signature that claims another hash is refused for it', async () => {
  const scene = await createScene()
  const content = new TextEncoder().encode('content')
  const { signature, target: signed } = await signBlob(content, scene.signerOf())
  const verifier = scene.verifierOf({ policy: blobPolicyOf() })
  expect((await verifyBlob(content, signature, verifier)).decision).toBe('verified')
  const claimed = { ...verifier, digestAlgorithm: () => 'sha512' as const }
  const error = await caught(verifyBlob(content, signature, claimed))
  expect(error).toMatchObject(code('UNTRUSTED_TARGET'))
  expect(signed.digest).toMatch(/^sha256:/)
})
