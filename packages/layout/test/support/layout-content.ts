// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { type Descriptor, type Digest, type DigestAlgorithm, mediaTypes } from '@ocisign/core'

export const signatureType = 'application/vnd.cncf.notary.signature'
export const refName = 'org.opencontainers.image.ref.name'
export const text = (value: string) => new TextEncoder().encode(value)
export const json = (value: unknown) => text(JSON.stringify(value))

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

export function describe(bytes: Uint8Array, mediaType: string = mediaTypes.imageManifest): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

/** A manifest document; `config` and `layers` are there as in any real one. */
export function manifest(members: Record<string, unknown> = {}): Uint8Array {
  const empty = { mediaType: mediaTypes.empty, digest: digestOf(text('{}')), size: 2 }
  return json({ schemaVersion: 2, mediaType: mediaTypes.imageManifest, config: empty, layers: [empty], ...members })
}

export function signature(subject: Descriptor, name = 'a'): Uint8Array {
  const { mediaType, digest, size } = subject
  return manifest({ artifactType: signatureType, subject: { mediaType, digest, size }, annotations: { name } })
}

export function index(manifests: readonly unknown[], members: Record<string, unknown> = {}): Uint8Array {
  return json({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests, ...members })
}
