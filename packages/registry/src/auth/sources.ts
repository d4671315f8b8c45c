// SPDX-License-Identifier: Apache-2.0
import type { Credential, CredentialSource } from './types.js'

/**
 * Gives credentials by host, `host[:port]` as in references, exactly; `docker.io` for Docker Hub.
 *
 * @example
 * ```ts
 * import { staticCredentials } from '@ocisign/registry'
 *
 * const credentials = staticCredentials({ 'ghcr.io': { username: 'octocat', password: 'a token from a safe place' } })
 * console.log(await credentials({ host: 'ghcr.io.example.com' })) // undefined
 * ```
 */
export function staticCredentials(byHost: Readonly<Record<string, Credential>>): CredentialSource {
  const known = new Map(Object.entries(byHost))
  return async ({ host }) => known.get(host)
}

/** Asks one source after the other; the first that has a credential gives it. One that fails ends the search. */
export function combineCredentials(...sources: readonly CredentialSource[]): CredentialSource {
  return async (request, options) => {
    for (const source of sources) {
      const found = await source(request, options)
      if (found) return found
    }
    return undefined
  }
}
