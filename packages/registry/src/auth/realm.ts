// SPDX-License-Identifier: Apache-2.0
// Where credentials may be sent to when a registry names a token service.
import { OcisignError, printable } from '@ocisign/core'
import { type AddressKind, addressKind } from './address.js'
import type { AuthorizationTarget } from './types.js'

const maxCharacters = 2048

/** What a registry of a kind may name as its token service, beside public hosts and its own. */
const reachable: Readonly<Record<AddressKind, readonly AddressKind[]>> = {
  public: [],
  loopback: ['loopback', 'private'],
  private: ['private'],
  'link-local': ['link-local'],
  reserved: [],
}

/**
 * Reads the address of a token service out of a challenge.
 *
 * It has to be https; plain http only where the registry itself is spoken to in that way, and on the same host (on
 * loopback, any port). Addresses that are not public only from a registry that is no more public itself: whoever controls
 * a registry must not make this machine speak to its neighbours. What a public name resolves to is not looked at.
 * @throws UNAVAILABLE_REALM
 */
export function parseRealm(realm: string, target: AuthorizationTarget): URL {
  const refuse = (why: string) => {
    const shown = printable(withoutSecrets(realm))
    const message = `${printable(target.host)} names "${shown}" as its token service, which ${why}; no credentials are sent there`
    return new OcisignError('UNAVAILABLE_REALM', message, {
      host: target.host,
      status: 401,
      realm: shown,
      retryable: false,
    })
  }
  const url = realm.length <= maxCharacters ? parseUrl(realm) : undefined
  if (url?.hash !== '') throw refuse('is not the address of one')
  if (url.username !== '' || url.password !== '') throw refuse('has a name or password in it')
  const registry = new URL(target.origin)
  if (url.origin === registry.origin) return url
  const [kind, registryKind] = [addressKind(url.hostname), addressKind(registry.hostname)]
  const isSameHost = url.hostname === registry.hostname
  if (url.protocol === 'http:') {
    if (registry.protocol !== 'http:') throw refuse('is not https')
    const isLoopback = kind === 'loopback' && registryKind === 'loopback'
    if (!isLoopback) throw refuse(isSameHost ? 'is another port of it by plain http' : 'is another host by plain http')
    return url
  }
  if (url.protocol !== 'https:') throw refuse('is not https')
  if (kind !== 'public' && !isSameHost && !reachable[registryKind].includes(kind))
    throw refuse(`has a ${kind} address, though the registry has none of that kind`)
  return url
}

function parseUrl(text: string): URL | undefined {
  // What a parser of addresses would quietly leave out or repair.
  if (!/^[!-~]+$/.test(text) || text.includes('\\')) return undefined
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** What may be shown of an address: no name, no password, no query. */
const withoutSecrets = (text: string) => text.replace(/^([^/?#]*\/\/)[^/?#]*@/, '$1…@').replace(/[?#].*$/s, '')
