// SPDX-License-Identifier: Apache-2.0
// Blobs of one repository (distribution-spec, pulling blobs).
import type { CallOptions, Descriptor } from '@ocisign/core'
import { readContent } from './content.js'
import type { RepositoryContext } from './context.js'
import { requireDigest } from './manifests.js'

/** Reads a blob as it streams, held to its descriptor; the registry may send us to its storage, without credentials. */
export async function fetchBlob(
  context: RepositoryContext,
  target: Descriptor,
  { signal }: CallOptions = {},
): Promise<AsyncIterable<Uint8Array>> {
  requireDigest(target.digest)
  const at = `blobs/${target.digest}`
  return readContent(context, target, { at, what: `read blob ${target.digest}`, signal })
}
