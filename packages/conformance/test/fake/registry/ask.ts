// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { createFakeRegistry, type FakeRegistry, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import { encodeText, mediaTypes } from '@ocisign/core'
import { expect, onTestFinished } from 'vitest'

/** A registry that ends with the test. */
export async function start(options?: FakeRegistryOptions): Promise<FakeRegistry> {
  const registry = await createFakeRegistry(options)
  onTestFinished(() => registry.close())
  return registry
}

export const digestOf = (content: string | Uint8Array, algorithm = 'sha256') =>
  `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`

interface AskOptions {
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
  readonly redirect?: RequestRedirect
}

/** What came back, read whole. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: the answer of a registry, looked at member by member
  readonly json: any
  /** The first error in the body. */
  readonly code: string | undefined
}

/** Sends one request. */
export async function ask(
  { origin }: { readonly origin: string },
  method: string,
  path: string,
  options: AskOptions = {},
): Promise<Reply> {
  const response = await fetch(new URL(path, origin), {
    method,
    redirect: options.redirect ?? 'manual',
    ...(options.headers && { headers: options.headers }),
    ...(options.body !== undefined && { body: options.body as string }),
  })
  const text = await response.text()
  const json = jsonOf(text)
  return { status: response.status, headers: response.headers, text, json, code: json?.errors?.[0]?.code }
}

/** What JSON says; undefined where it is none. */
function jsonOf(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Puts a manifest there. */
export const putManifest = (
  registry: FakeRegistry,
  path: string,
  text: string,
  headers: Record<string, string> = { 'content-type': mediaTypes.imageManifest },
) => ask(registry, 'PUT', path, { headers, body: text })

/** Puts a blob there, by POST and PUT. */
export async function putBlob(registry: FakeRegistry, name: string, text: string): Promise<string> {
  const digest = digestOf(text)
  const post = await ask(registry, 'POST', `/v2/${name}/blobs/uploads/`)
  const put = await ask(registry, 'PUT', withDigest(post, digest), { body: text })
  expect(put.status).toBe(201)
  return digest
}

/** Where an upload goes on, with the digest that ends it. */
export function withDigest({ headers }: Reply, digest: string): string {
  const location = headers.get('location')!
  return `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`
}

export interface ManifestMembers {
  readonly subject?: string
  readonly artifactType?: string
  readonly configType?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly note?: string
}

/** The text of an image manifest whose only blob is `{}`. */
export function manifestText(members: ManifestMembers = {}): string {
  const { subject, artifactType, configType = mediaTypes.empty, annotations, note = '' } = members
  const blob = { digest: digestOf('{}'), size: 2 }
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    ...(artifactType !== undefined && { artifactType }),
    config: { mediaType: configType, ...blob },
    layers: [{ mediaType: mediaTypes.empty, ...blob }],
    ...(subject !== undefined && {
      subject: { mediaType: mediaTypes.imageManifest, digest: subject, size: 100 },
    }),
    annotations: { note, ...annotations },
  })
}

/** Puts an image manifest there, with its blob; its digest. */
export function seedManifest(
  registry: FakeRegistry,
  name: string,
  members: ManifestMembers = {},
  tag?: string,
): string {
  registry.seed(name, { bytes: encodeText('{}'), mediaType: mediaTypes.empty })
  const bytes = encodeText(manifestText(members))
  return registry.seed(name, { bytes, mediaType: mediaTypes.imageManifest, tag }).digest
}
