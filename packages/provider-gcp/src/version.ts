// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, OcisignError, printable } from '@ocisign/core'
import type { CloudKmsClientLike } from './client.js'

const keyPattern =
  /^(projects\/[\w.:-]+\/locations\/[\w-]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+)(?:\/cryptoKeyVersions\/([1-9][0-9]{0,8}))?$/

/** As many versions as are looked at for the newest. */
const maxVersions = 10_000

/** The key that is named, and whether one version of it is. @throws INVALID_KEY */
export function parseKeyName(keyId: string): { readonly parent: string; readonly isVersion: boolean } {
  const id = `gcpkms://${printable(keyId)}`
  const [, parent, version] = keyPattern.exec(keyId) ?? []
  if (parent === undefined)
    throw new OcisignError(
      'INVALID_KEY',
      `${id} is no key; write projects/…/locations/…/keyRings/…/cryptoKeys/…, with /cryptoKeyVersions/N for one version`,
      { id },
    )
  return { parent, isVersion: version !== undefined }
}

/** The newest version of a key that is enabled. @throws UNAVAILABLE_KEY | UNAVAILABLE_LIMIT, and what the client throws */
export async function newestVersion(
  client: CloudKmsClientLike,
  parent: string,
  { signal }: CallOptions,
): Promise<string> {
  const id = `gcpkms://${parent}`
  let newest = 0
  let seen = 0
  for await (const each of client.listCryptoKeyVersionsAsync({ parent, filter: 'state=ENABLED', pageSize: 100 })) {
    signal?.throwIfAborted()
    if (++seen > maxVersions)
      throw new OcisignError(
        'UNAVAILABLE_LIMIT',
        `${id} has more than ${maxVersions} versions, and the newest may be any of them; name the one that is to sign`,
        { target: id, refusals: [], retryable: false },
      )
    const [, , number = '0'] = keyPattern.exec(each.name ?? '') ?? []
    // A service that does not filter shows them all.
    if (each.state === 'ENABLED' || each.state === 1) newest = Math.max(newest, Number(number))
  }
  if (newest === 0)
    throw new OcisignError('UNAVAILABLE_KEY', `${id} has no version that is enabled`, { id, retryable: false })
  return `${parent}/cryptoKeyVersions/${newest}`
}
