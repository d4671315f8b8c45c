// SPDX-License-Identifier: Apache-2.0
// A temporary folder with a layout, keys and a configuration.
import { createHash, createPrivateKey } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Descriptor, digestBytes, encodePem, encodeText, mediaTypes, notaryAlgorithms } from '@ocisign/core'
import { openLayout } from '@ocisign/layout'
import { createTestChain, type TestChainOptions } from '@ocisign/provider-local'

export const scope = 'local/app'
export const passphrase = 'correct horse'
export const identity = 'x509.subject: C=US, ST=WA, O=ocisign test, CN=ocisign test leaf'

export interface Scene {
  /** The folder; everything below is named relative to it. */
  readonly folder: string
  path(...names: string[]): string
  /** Options that sign with the key of the chain of that name. */
  signingWith(name: string): readonly string[]
  /** Options that verify with the configuration. */
  readonly verifying: readonly string[]
  /** Every file below, with what is in it. */
  snapshot(): Promise<Readonly<Record<string, string>>>
  dispose(): Promise<void>
}

/** Makes a folder with `layout` (tag v1), `NAME.key`, `NAME.chain` and `NAME.root.pem` for `good`, and `config`. */
export async function createScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'ocisign-cli-'))
  const path = (...names: string[]) => join(folder, ...names)
  await createArtifact(path('layout'), 'v1', 'hello')
  await createKey(path('good'), { length: 3 })
  await writeConfiguration(path('config'), { root: await readFile(path('good.root.pem'), 'utf8') })
  return {
    folder,
    path,
    signingWith: (name) => ['--key', `file:${path(`${name}.key`)}`, '--certificate-chain', path(`${name}.chain`)],
    verifying: ['--oci-layout', '--config-dir', path('config'), '--scope', scope],
    snapshot: () => snapshotOf(folder),
    dispose: () => rm(folder, { recursive: true }),
  }
}

/** Adds a small tagged artifact to a layout, which is made where it is missing. */
export async function createArtifact(layoutPath: string, tag: string, content: string): Promise<Descriptor> {
  const layout = await openLayout(layoutPath, { create: true })
  const push = async (mediaType: string, text: string) => {
    const bytes = encodeText(text)
    const descriptor = { mediaType, digest: await digestBytes(bytes), size: bytes.length }
    await layout.push(descriptor, bytes)
    return descriptor
  }
  const config = await push(mediaTypes.empty, '{}')
  const layer = await push('text/plain', content)
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers: [layer] }
  const artifact = await push(mediaTypes.imageManifest, JSON.stringify(manifest))
  await layout.tag(artifact, tag)
  return artifact
}

/** Writes `PREFIX.key`, the same encrypted as `PREFIX.encrypted.key`, `PREFIX.chain` and `PREFIX.root.pem`. */
export async function createKey(prefix: string, options: TestChainOptions = {}): Promise<void> {
  const { keyPem, chain } = await createTestChain(options)
  const certificates = chain.map((der) => encodePem('CERTIFICATE', der))
  const encryption = { cipher: 'aes-256-cbc', passphrase }
  const encrypted = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'pem', ...encryption }) as string
  await writeFile(`${prefix}.key`, keyPem)
  await writeFile(`${prefix}.encrypted.key`, encrypted)
  await writeFile(`${prefix}.chain`, certificates.join(''))
  await writeFile(`${prefix}.root.pem`, certificates.at(-1)!)
}

export const rsa4096 = notaryAlgorithms[5]!

/** Writes a configuration that trusts one root, for these repositories and for blobs. */
export async function writeConfiguration(
  directory: string,
  { root, scopes = [scope] }: { readonly root: string; readonly scopes?: readonly string[] },
): Promise<void> {
  const store = join(directory, 'truststore/x509/ca/acme')
  await mkdir(store, { recursive: true })
  await writeFile(join(store, 'root.pem'), root)
  const policy = {
    name: 'ours',
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities: [identity],
  }
  const write = (file: string, extra: object) =>
    writeFile(join(directory, file), JSON.stringify({ version: '1.0', trustPolicies: [{ ...policy, ...extra }] }))
  await write('trustpolicy.oci.json', { registryScopes: scopes })
  await write('trustpolicy.blob.json', { globalPolicy: true })
}

async function snapshotOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const described = files.sort().map(async (file): Promise<[string, string]> => {
    const isRegular = entries.some((entry) => entry.isFile() && join(entry.parentPath, entry.name) === file)
    const content = isRegular
      ? createHash('sha256')
          .update(await readFile(file))
          .digest('hex')
      : 'special'
    return [file.slice(folder.length + 1), content]
  })
  return Object.fromEntries(await Promise.all(described))
}
