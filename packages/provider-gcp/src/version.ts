// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, OcisignError, printable } from '@ocisign/core'
import type { CloudKmsClientLike } from './client.js'

const keyPattern =
  /^(projects\/[\w.:-]+\/locations\/[\w-]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+)(?:\/cryptoKeyVersions\/([1-9][0-9]{0,8}))?$/

/** As many versions as are looked at for the newest. */
const maxVersions = 10_000

/**
 * The version of a key that signs: the one that is named, or the newest that is enabled.
 * @throws INVALID_KEY | UNAVAILABLE_KEY
 */
export async function selectVersion(
  client: CloudKmsClientLike,
  keyId: string,
  { signal }: CallOptions,
): Promise<string> {
  const id = `gcpkms://${printable(keyId)}`
  const [, parent, version] = keyPattern.exec(keyId) ?? []
  if (parent === undefined)
    throw new OcisignError(
      'INVALID_KEY',
      `${id} is no key; write projects/…/locations/…/keyRings/…/cryptoKeys/…, with /cryptoKeyVersions/N for one version`,
      { id },
    )
  if (version !== undefined) return keyId
  let newest = 0
  let seen = 0
  for await (const each of client.listCryptoKeyVersionsAsync({ parent, filter: 'state=ENABLED', pageSize: 100 })) {
    signal?.throwIfAborted()
    if (++seen > maxVersions) break
    const [, , number = '0'] = keyPattern.exec(each.name ?? '') ?? []
    // A service that does not filter shows them all.
    if (each.state === 'ENABLED' || each.state === 1) newest = Math.max(newest, Number(number))
  }
  if (newest === 0)
    throw new OcisignError('UNAVAILABLE_KEY', `${id} has no version that is enabled`, { id, retryable: false })
  return `${parent}/cryptoKeyVersions/${newest}`
}
