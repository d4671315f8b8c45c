// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, OcisignError } from '@ocisign/core'
import { callOptions, type KeyClientLike, type VersionProperties } from './clients.js'
import { keyError } from './errors.js'

const maxVersions = 10_000

/** Whether a version may sign at that time: Key Vault shows those that may not yet, or not any more, like any other. */
export const maySign = ({ enabled, notBefore, expiresOn }: VersionProperties, now: Date): boolean =>
  enabled !== false && (!notBefore || notBefore <= now) && (!expiresOn || expiresOn > now)

/** The newest version that may sign at that time. @throws UNAVAILABLE_KEY | DENIED_KEY */
export async function newestVersion(
  keyClient: KeyClientLike,
  name: string,
  id: string,
  { signal }: CallOptions,
  now: Date,
): Promise<string> {
  let newest: { readonly version: string; readonly created: number } | undefined
  let seen = 0
  try {
    for await (const each of keyClient.listPropertiesOfKeyVersions(name, callOptions(signal))) {
      if (++seen > maxVersions) break
      const { version, createdOn } = each
      const created = createdOn?.getTime() ?? 0
      if (version && maySign(each, now) && created > (newest?.created ?? -1)) newest = { version, created }
    }
  } catch (cause) {
    signal?.throwIfAborted()
    throw keyError(id, 'keys/list', cause)
  }
  if (newest) return newest.version
  throw new OcisignError('UNAVAILABLE_KEY', `${id} has no version that is enabled`, { id, retryable: false })
}
