// SPDX-License-Identifier: Apache-2.0
import { OcisignError } from '@ocisign/core'
import type { VersionProperties } from './clients.js'
import { isDisabled, keyError } from './errors.js'

const maxVersions = 10_000

/** How the versions of a key or a certificate are asked for. */
export interface Versions<T> {
  readonly id: string
  readonly kind: 'keys' | 'certificates'
  /** The one that is named; the newest that may sign where left out. */
  readonly version: string | undefined
  /** The newest of all where none is named. */
  get(version: string | undefined): Promise<T>
  list(): AsyncIterable<VersionProperties>
  readonly now: Date
}

/** Finds the version that is named, or the newest that may sign. @throws UNAVAILABLE_KEY | DENIED_KEY | UNAVAILABLE_LIMIT */
export async function findVersion<T extends { readonly properties: VersionProperties }>(
  versions: Versions<T>,
): Promise<T> {
  const { id, kind, version, get, list, now } = versions
  const during = (operation: 'get' | 'list') => (cause: unknown) => {
    throw keyError(id, `${kind}/${operation}`, cause)
  }
  // The newest of all is nearly always the one: there is no need for the permission to list them.
  const newest = await get(version).catch((cause: unknown) => {
    if (version === undefined && isDisabled(cause)) return undefined
    return during('get')(cause)
  })
  if (newest && (version !== undefined || maySign(newest.properties, now))) return newest
  return get(await newestVersion(list(), id, now).catch(during('list'))).catch(during('get'))
}

/** Whether a version may sign at that time: Key Vault shows those that may not yet, or not any more, like any other. */
const maySign = ({ enabled, notBefore, expiresOn }: VersionProperties, now: Date): boolean =>
  enabled !== false && (!notBefore || notBefore <= now) && (!expiresOn || expiresOn > now)

async function newestVersion(list: AsyncIterable<VersionProperties>, id: string, now: Date): Promise<string> {
  let newest: { readonly version: string; readonly created: number } | undefined
  let seen = 0
  for await (const each of list) {
    if (++seen > maxVersions)
      throw new OcisignError(
        'UNAVAILABLE_LIMIT',
        `${id} has more than ${maxVersions} versions, and the newest may be any of them; name the one that is to sign`,
        { target: id, refusals: [], retryable: false },
      )
    const { version, createdOn } = each
    const created = createdOn?.getTime() ?? 0
    if (version && maySign(each, now) && created > (newest?.created ?? -1)) newest = { version, created }
  }
  if (newest) return newest.version
  throw new OcisignError('UNAVAILABLE_KEY', `${id} has no version that may sign`, { id, retryable: false })
}
