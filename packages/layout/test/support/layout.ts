// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Descriptor } from '@ocisign/core'
import { onTestFinished } from 'vitest'
import { digestOf, index, refName } from './layout-content.js'

export * from './layout-content.js'

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'layout-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

export const blobPath = (root: string, digest: string) => join(root, 'blobs', ...digest.split(':'))

export async function putBlob(root: string, bytes: Uint8Array, digest: string = digestOf(bytes)): Promise<void> {
  const path = blobPath(root, digest)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, bytes)
}

/** Writes a layout as another tool would: `manifests` are the entries of `index.json`, blobs lie under their digests. */
export async function writeLayout(manifests: readonly unknown[], blobs: readonly Uint8Array[] = []): Promise<string> {
  const root = await temporaryFolder()
  await mkdir(join(root, 'blobs', 'sha256'), { recursive: true })
  await writeFile(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  await writeFile(join(root, 'index.json'), index(manifests))
  for (const blob of blobs) await putBlob(root, blob)
  return root
}

export const tagged = (descriptor: Descriptor, tag: string) => ({ ...descriptor, annotations: { [refName]: tag } })

export async function readIndex(root: string): Promise<{ manifests: (Descriptor & Record<string, unknown>)[] }> {
  return JSON.parse(await readFile(join(root, 'index.json'), 'utf8'))
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
