// SPDX-License-Identifier: Apache-2.0
// Bad input gets one clear line, a documented code and exit status, and nothing is half-written.
import { chmod, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, linesOf, type RunOptions, run } from './support/program.js'
import { createArtifact, createKey, createScene, passphrase, type Scene, writeConfiguration } from './support/scene.js'

let scene: Scene
let digest = ''
const day = 24 * 60 * 60 * 1000
const withoutPrivileges = join(import.meta.dirname, 'support/without-privileges.cjs')
const absentDigest = `sha256:${'0'.repeat(64)}`

beforeAll(async () => {
  scene = await createScene()
  const { path } = scene
  digest = (await createArtifact(path('layout'), 'v1', 'hello')).digest
  await createKey(path('other'))
  await createKey(path('expired'), { notBefore: new Date(Date.now() - 3 * day), notAfter: new Date(Date.now() - day) })
  await copyFile(path('good.key'), path('unreadable.key'))
  await chmod(path('unreadable.key'), 0)
  await chmod(scene.folder, 0o755)
  await copyFile(path('good.chain'), path('unreadable.chain'))
  await writeFile(path('junk.key'), 'not a key')
  await writeFile(path('junk.chain'), 'not a certificate')
  await writeFile(path('reversed.chain'), await reversed(path('good.chain')))
  await mkdir(path('folder'))
  await cp(path('layout'), path('broken-index'), { recursive: true })
  await writeFile(path('broken-index/index.json'), '{ "manifests": 1 }')
  await cp(path('layout'), path('tampered'), { recursive: true })
  const manifest = path('tampered/blobs', digest.replace(':', '/'))
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('text/plain', 'text/pleas'))
  const configuration = async (name: string, file: string, content: string) => {
    await writeConfiguration(path(name), { root: await readFile(path('good.root.pem'), 'utf8') })
    await writeFile(path(name, file), content)
  }
  await configuration('broken-policy', 'trustpolicy.oci.json', '{ "version": "1.0", "trustPolicies": [')
  await configuration('broken-keys', 'signingkeys.json', '{ "keys": 1 }')
  await configuration('no-store', 'truststore/x509/ca/acme/root.pem', 'not a certificate')
  await writeFile(path('file'), 'a file')
  await writeFile(path('empty'), '\n# nothing\n\n')
  await writeFile(path('junk.jws.sig'), 'junk')
  await writeFile(path('big.jws.sig'), 'x'.repeat(2 * 1024 * 1024))
})
afterAll(() => scene.dispose())

const reversed = async (path: string) =>
  (await readFile(path, 'utf8'))
    .split(/(?=-----BEGIN)/)
    .reverse()
    .join('')

/** Command lines with `@` for the scene's folder, and what they end in. */
type Row = readonly [what: string, args: string, status: number, code: string, options?: RunOptions]

const goodKey = '--key file:@/good.key --certificate-chain @/good.chain'
const sign = `sign --oci-layout ${goodKey}`
const verify = 'verify --oci-layout --config-dir @/config --scope local/app'
const blobVerify = 'blob verify --config-dir @/config'

async function expectRefusal([, args, status, code, options]: Row): Promise<void> {
  const before = await scene.snapshot()
  const parameters = args.split(' ').map((each) => each.replaceAll('@/', `${scene.folder}/`).replace('DIGEST', digest))
  const ended = await run(parameters, options)
  expect(ended).toMatchObject({ status, signal: null })
  expect(linesOf(ended.stderr)).toHaveLength(1)
  expect(codeOf(ended.stderr)).toBe(code)
  expect(ended.stderr).not.toMatch(/\n\s+at /)
  expect(ended.stderr).not.toContain(passphrase)
  expect(await scene.snapshot()).toEqual(before)
}

const table = (rows: readonly Row[]) =>
  test.concurrent.each(rows.map((row) => [row[0], row] as const))('%s', (_, row) => expectRefusal(row))

describe('what is to be signed', () => {
  table([
    ['no layout', `${sign} @/absent:v1`, 3, 'UNAVAILABLE_FILE'],
    ['a folder that is no layout', `${sign} @/folder:v1`, 4, 'INVALID_LAYOUT'],
    ['a file instead of a layout', `${sign} @/file:v1`, 4, 'INVALID_LAYOUT'],
    ['a broken index', `${sign} @/broken-index:v1`, 4, 'INVALID_INDEX'],
    ['an unknown tag', `${sign} @/layout:v2`, 3, 'UNAVAILABLE_NOT_FOUND'],
    ['an unknown digest', `${sign} @/layout@${absentDigest}`, 3, 'UNAVAILABLE_NOT_FOUND'],
    ['a wrong digest', `${sign} @/layout@sha256:abc`, 4, 'INVALID_DIGEST'],
    ['a wrong tag', `${sign} @/layout:v+1`, 4, 'INVALID_REFERENCE'],
    ['an artifact that was changed', `${sign} @/tampered:v1`, 4, 'INVALID_CONTENT'],
    ['neither tag nor digest', `${sign} @/layout`, 2, 'MISUSE_OPTION'],
    ['nothing', `${sign}`, 2, 'MISUSE_OPTION'],
    ['a layout without saying so', `sign ${goodKey} ./layout:v1`, 2, 'MISUSE_OPTION'],
    ['a registry that is not there', `sign ${goodKey} 127.0.0.1:1/app:v1`, 3, 'UNAVAILABLE_HOST'],
    ['a platform without the tree', `${sign} --platform linux/amd64 @/layout@DIGEST`, 2, 'MISUSE_OPTION'],
    ['no platform', `${sign} --recursive --platform linux @/layout@DIGEST`, 2, 'MISUSE_OPTION'],
    ['nothing at the same time', `${sign} --concurrency 0 @/layout@DIGEST`, 2, 'MISUSE_OPTION'],
    ['too much at the same time', `${sign} --concurrency 1000 @/layout@DIGEST`, 2, 'MISUSE_OPTION'],
    ['no time', `${sign} --timeout 0s @/layout@DIGEST`, 2, 'MISUSE_OPTION'],
    ['a good one and one that is not there', `${sign} @/layout@DIGEST @/layout:v2`, 3, 'UNAVAILABLE_NOT_FOUND'],
  ])
})

describe('what is signed with', () => {
  const layout = 'sign --oci-layout @/layout@DIGEST --certificate-chain @/good.chain'
  const environment = (text: string) => ({ env: { OCISIGN_KEY_PASSPHRASE: text } })
  table([
    ['no key file', `${layout} --key file:@/absent.key`, 3, 'UNAVAILABLE_FILE'],
    ['a folder', `${layout} --key file:@/folder`, 3, 'UNAVAILABLE_FILE'],
    [
      'a key that may not be read',
      `${layout} --key file:@/unreadable.key`,
      3,
      'DENIED_FILE',
      { require: withoutPrivileges },
    ],
    ['something that is no key', `${layout} --key file:@/junk.key`, 4, 'INVALID_KEY'],
    ['a certificate', `${layout} --key file:@/good.chain`, 4, 'INVALID_KEY'],
    ['an encrypted key, no passphrase', `${layout} --key file:@/good.encrypted.key`, 3, 'DENIED_KEY'],
    ['a wrong passphrase', `${layout} --key file:@/good.encrypted.key`, 3, 'DENIED_KEY', environment('wrong')],
    ['another key than the certificate has', `${layout} --key file:@/other.key`, 1, 'UNTRUSTED_INTEGRITY'],
    [
      'an expired certificate',
      'sign --oci-layout @/layout@DIGEST --key file:@/expired.key --certificate-chain @/expired.chain',
      1,
      'UNTRUSTED_VALIDITY',
    ],
    ['a key without certificates', 'sign --oci-layout @/layout:v1 --key file:@/good.key', 2, 'MISUSE_OPTION'],
    ['an unknown kind of key', `${layout} --key acmekms:///x`, 2, 'MISUSE_OPTION'],
    ['an unknown key', `${layout} --config-dir @/config --key absent`, 2, 'MISUSE_OPTION'],
    ['no key at all', `${layout} --config-dir @/config`, 2, 'MISUSE_OPTION'],
    ['broken signingkeys.json', `${layout} --config-dir @/broken-keys --key k`, 4, 'INVALID_CONFIGURATION'],
    ...[
      ['no chain', 'absent.chain', 3, 'UNAVAILABLE_FILE'] as const,
      ['something that is no chain', 'junk.chain', 4, 'INVALID_PEM'] as const,
      ['a key as chain', 'good.key', 4, 'INVALID_PEM'] as const,
      ['a chain from the root down', 'reversed.chain', 4, 'INVALID_CERTIFICATE_CHAIN'] as const,
    ].map(
      ([what, file, status, code]): Row => [
        what,
        `sign --oci-layout @/layout@DIGEST --key file:@/good.key --certificate-chain @/${file}`,
        status,
        code,
      ],
    ),
  ])
})

describe('how it is to be signed', () => {
  const layout = `${sign} @/layout@DIGEST`
  table([
    ['a reserved name', `${layout} -m io.cncf.notary.x=1`, 2, 'MISUSE_OPTION'],
    ['metadata without a value', `${layout} -m build`, 2, 'MISUSE_OPTION'],
    ['metadata with one name twice', `${layout} -m a=1 -m a=2`, 2, 'MISUSE_OPTION'],
    ['an unknown format', `${layout} --signature-format pgp`, 2, 'MISUSE_OPTION'],
    ['an expiry without unit', `${layout} --expiry 24`, 2, 'MISUSE_OPTION'],
    ['an expiry of nothing', `${layout} --expiry 0h`, 2, 'MISUSE_OPTION'],
    ['an unknown manifest', `${layout} --signature-manifest index`, 2, 'MISUSE_OPTION'],
    ['an unknown option', `${layout} --sign-everything`, 2, 'MISUSE_OPTION'],
    ['an option twice', `${layout} --expiry 1h --expiry 2h`, 2, 'MISUSE_OPTION'],
    ['an option without its value', `${layout} --expiry`, 2, 'MISUSE_OPTION'],
  ])
})

describe('what is verified', () => {
  table([
    ['no layout', `${verify} @/absent:v1`, 3, 'UNAVAILABLE_FILE'],
    ['an unknown tag', `${verify} @/layout:v2`, 3, 'UNAVAILABLE_NOT_FOUND'],
    ['a wrong digest', `${verify} @/layout@sha256:abc`, 4, 'INVALID_DIGEST'],
    ['an artifact that was changed', `${verify} @/tampered:v1`, 4, 'INVALID_CONTENT'],
    ['no signature', `${verify} @/layout:v1`, 1, 'UNTRUSTED_NO_SIGNATURE'],
    ['no policy', 'verify --oci-layout --config-dir @/folder --scope a/b @/layout:v1', 3, 'UNAVAILABLE_NOT_FOUND'],
    [
      'a broken policy',
      'verify --oci-layout --config-dir @/broken-policy --scope a/b @/layout:v1',
      4,
      'INVALID_TRUST_POLICY',
    ],
    [
      'a repository without a policy',
      'verify --oci-layout --config-dir @/config --scope a/b @/layout:v1',
      1,
      'UNTRUSTED_NO_POLICY',
    ],
    ['no repository', 'verify --oci-layout --config-dir @/config @/layout:v1', 2, 'MISUSE_SCOPE'],
    ['a scope for a registry', 'verify --scope a/b --config-dir @/config example.com/app:v1', 2, 'MISUSE_OPTION'],
    ['all of one artifact', `${verify} --all @/layout:v1`, 2, 'MISUSE_OPTION'],
    ['all of one artifact in a registry', 'verify --all --config-dir @/config a.example/b:v1', 2, 'MISUSE_OPTION'],
    ['all of a layout that is not there', `${verify} --all @/absent`, 3, 'UNAVAILABLE_FILE'],
    ['no list of references', `${verify} --from-file @/absent`, 3, 'UNAVAILABLE_FILE'],
    ['an empty list of references', `${verify} --from-file @/empty`, 2, 'MISUSE_OPTION'],
    ['a list that is too long', `${verify} --from-file @/big.jws.sig`, 2, 'MISUSE_OPTION'],
    [
      'an authority that is none',
      'verify --ca-file @/junk.chain --config-dir @/config a.example/b:v1',
      4,
      'INVALID_PEM',
    ],
    ['a key as authority', 'verify --ca-file @/good.key --config-dir @/config a.example/b:v1', 4, 'INVALID_PEM'],
    ['a name without password', 'verify -u me --config-dir @/config a.example/b:v1', 2, 'MISUSE_OPTION'],
    ['two passwords', 'verify -u me -p x --password-stdin --config-dir @/config a.example/b:v1', 2, 'MISUSE_OPTION'],
    ['an empty password', 'verify -u me --password-stdin --config-dir @/config a.example/b:v1', 2, 'MISUSE_OPTION'],
    ['a host that is none', 'list a.example:99999/b:v1', 4, 'INVALID_REFERENCE'],
    ['a registry with a wrong digest', 'list a.example/b@sha256:abc', 4, 'INVALID_DIGEST'],
    [
      'a proxy that is none',
      'list a.example/b:v1',
      2,
      'MISUSE_OPTION',
      { env: { HTTPS_PROXY: `http://me:${passphrase}@ x` } },
    ],
    [
      'something that is no repository',
      'verify --oci-layout --config-dir @/config --scope app @/layout:v1',
      4,
      'INVALID_REFERENCE',
    ],
    ['no configuration directory', 'verify --oci-layout --scope a/b @/layout:v1', 3, 'UNAVAILABLE_NOT_FOUND'],
    ['no limit', `${verify} --max-signatures 0 @/layout:v1`, 2, 'MISUSE_OPTION'],
    ['an unknown output', `${verify} --output xml @/layout:v1`, 2, 'MISUSE_OPTION'],
    ['no reference', verify, 2, 'MISUSE_OPTION'],
    ['list: an unknown tag', 'list --oci-layout @/layout:v2', 3, 'UNAVAILABLE_NOT_FOUND'],
    ['inspect: an unknown tag', 'inspect --oci-layout @/layout:v2', 3, 'UNAVAILABLE_NOT_FOUND'],
    ['list: two artifacts', 'list --oci-layout @/layout:v1 @/layout:v1', 2, 'MISUSE_OPTION'],
  ])
})

describe('files', () => {
  const blobSign = `blob sign ${goodKey}`
  table([
    ['sign: no file', `${blobSign} @/absent`, 3, 'UNAVAILABLE_FILE'],
    ['sign: a folder', `${blobSign} @/folder`, 3, 'UNAVAILABLE_FILE'],
    ['sign: a signature that is there', `${blobSign} --signature @/junk.jws.sig @/file`, 2, 'MISUSE_OPTION'],
    ['sign: a signature in no folder', `${blobSign} --signature @/absent/s.jws.sig @/file`, 3, 'UNAVAILABLE_FILE'],
    ['sign: a name of the other format', `${blobSign} --signature @/s.cose.sig @/file`, 2, 'MISUSE_OPTION'],
    ['sign: two places', `${blobSign} --signature @/s.jws.sig --signature-directory @/ @/file`, 2, 'MISUSE_OPTION'],
    ['sign: two files', `${blobSign} @/file @/file`, 2, 'MISUSE_OPTION'],
    ['verify: no signature named', `${blobVerify} @/file`, 2, 'MISUSE_OPTION'],
    ['verify: no signature', `${blobVerify} --signature @/absent.jws.sig @/file`, 3, 'UNAVAILABLE_FILE'],
    ['verify: a name that tells no format', `${blobVerify} --signature @/file @/file`, 2, 'MISUSE_OPTION'],
    ['verify: junk', `${blobVerify} --signature @/junk.jws.sig @/file`, 1, 'UNTRUSTED_SIGNATURE'],
    ['verify: too large', `${blobVerify} --signature @/big.jws.sig @/file`, 1, 'UNTRUSTED_SIGNATURE'],
    [
      'verify: an unknown policy',
      `${blobVerify} --signature @/junk.jws.sig --policy-name x @/file`,
      1,
      'UNTRUSTED_NO_POLICY',
    ],
  ])
})

describe('configuration', () => {
  const init = 'policy init --trust-store ca:acme --trusted-identity *'
  table([
    ['init: a policy that is there', `${init} --config-dir @/config`, 2, 'MISUSE_OPTION'],
    ['init: nobody to trust', 'policy init --config-dir @/new --trust-store ca:acme', 2, 'MISUSE_OPTION'],
    ['init: no trust store', 'policy init --config-dir @/new --trusted-identity *', 2, 'MISUSE_OPTION'],
    [
      'init: an unusable identity',
      'policy init --config-dir @/new --trust-store ca:a --trusted-identity me',
      4,
      'INVALID_TRUST_POLICY',
    ],
    ['init: an unusable scope', `${init} --config-dir @/new --scope app`, 4, 'INVALID_TRUST_POLICY'],
    ['lint: no configuration', 'policy lint --config-dir @/folder', 3, 'UNAVAILABLE_NOT_FOUND'],
    ['lint: a broken policy', 'policy lint --config-dir @/broken-policy', 4, 'INVALID_TRUST_POLICY'],
    ['lint: a broken trust store', 'policy lint --config-dir @/no-store', 4, 'INVALID_TRUST_POLICY'],
    ['lint: no file', 'policy lint @/absent.json', 3, 'UNAVAILABLE_FILE'],
    ['explain: no policy', 'policy explain --config-dir @/config a/b', 1, 'UNTRUSTED_NO_POLICY'],
    ['explain: no reference', 'policy explain --config-dir @/config', 2, 'MISUSE_OPTION'],
    ['explain: something that is none', 'policy explain --config-dir @/config app', 4, 'INVALID_REFERENCE'],
    ['add: no type', 'certificate add --config-dir @/new --store x @/good.root.pem', 2, 'MISUSE_OPTION'],
    [
      'add: an unknown type',
      'certificate add --config-dir @/new --type x --store x @/good.root.pem',
      2,
      'MISUSE_OPTION',
    ],
    ['add: no store', 'certificate add --config-dir @/new --type ca @/good.root.pem', 2, 'MISUSE_OPTION'],
    [
      'add: a store elsewhere',
      'certificate add --config-dir @/new --type ca --store ../x @/good.root.pem',
      2,
      'MISUSE_OPTION',
    ],
    ['add: no file', 'certificate add --config-dir @/new --type ca --store x @/absent.pem', 3, 'UNAVAILABLE_FILE'],
    [
      'add: junk',
      'certificate add --config-dir @/new --type ca --store x @/no-store/truststore/x509/ca/acme/root.pem',
      4,
      'INVALID_TRUST_STORE',
    ],
    ['generate-test: a name with a path', 'certificate generate-test --config-dir @/new ../x', 2, 'MISUSE_OPTION'],
    [
      'generate-test: an unknown kind',
      'certificate generate-test --config-dir @/new --algorithm rsa1024 x',
      2,
      'MISUSE_OPTION',
    ],
  ])
})

describe('commands', () => {
  table([
    ['none', '', 2, 'MISUSE_OPTION'],
    ['an unknown one', 'frobnicate', 2, 'MISUSE_OPTION'],
    ['half of one', 'policy', 2, 'MISUSE_OPTION'],
    ['an unknown half', 'blob frobnicate', 2, 'MISUSE_OPTION'],
    ['a name of every object', 'constructor', 2, 'MISUSE_OPTION'],
  ])
})

test('--debug shows where an error came from', async () => {
  const { status, stderr } = await run(['list', '--debug', '--oci-layout', `${scene.folder}/absent:v1`])
  expect(status).toBe(3)
  expect(stderr).toMatch(/\n\s+at /)
  expect(stderr).toContain('ENOENT')
})

test('control characters of a name never reach the terminal', async () => {
  const { stderr } = await run(['list', '--oci-layout', `${scene.folder}/\u001b[31m\nocisign: fine:v1`])
  expect(linesOf(stderr)).toHaveLength(1)
  expect(stderr).not.toContain('\u001b')
})

test.each(['exception', 'rejection'])('an %s that nobody foresaw is one line, and no answer', async (kind) => {
  const options = { require: join(import.meta.dirname, 'support/surprise.cjs'), env: { SURPRISE: kind } }
  const ended = await run(['policy', 'lint', '--config-dir', scene.path('config')], options)
  expect(ended.status).toBe(3)
  expect(linesOf(ended.stderr)).toEqual(['ocisign: unexpected error: surprise\\u000ain two lines; --debug shows more'])
})
