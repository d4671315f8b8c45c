// SPDX-License-Identifier: Apache-2.0
import { createHasher } from '#crypto'
import { encodeHex } from '../bytes.js'
import { thumbprintAnnotation } from './attachment.js'

const createdAnnotation = 'org.opencontainers.image.created'

/** The annotations of a signature's manifest (signature-specification, storage): whose chain it is, and when it was made. */
export async function manifestAnnotations(
  chain: readonly Uint8Array[],
  signingTime: Date,
): Promise<Readonly<Record<string, string>>> {
  return {
    [thumbprintAnnotation]: JSON.stringify(await Promise.all(chain.map(thumbprint))),
    [createdAnnotation]: signingTime.toISOString().replace('.000Z', 'Z'),
  }
}

async function thumbprint(der: Uint8Array): Promise<string> {
  const hasher = createHasher('sha256')
  hasher.update(der)
  return encodeHex(await hasher.digest())
}
