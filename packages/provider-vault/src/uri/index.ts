// SPDX-License-Identifier: Apache-2.0
import { OcisignError, type OpenKeyOptions, type PublicKeyMaterial, printable, type SigningKey } from '@ocisign/core'
import { createVaultKey } from '../key.js'

/** The scheme of {@link openKey}. */
export const scheme = 'hashivault'

/**
 * Opens `hashivault://NAME`, with `?version=3`, `&mount=transit` and `&namespace=team` where they are needed.
 *
 * The server is `VAULT_ADDR` or `BAO_ADDR`; the token `VAULT_TOKEN` or `BAO_TOKEN`; `VAULT_NAMESPACE` or `BAO_NAMESPACE`
 * and `TRANSIT_SECRET_ENGINE_PATH` are used where the URI says nothing. The file `~/.vault-token` is not read.
 *
 * @throws INVALID_KEY for another URI, DENIED_KEY without a token, and what {@link createVaultKey} throws
 *
 * @example
 * ```ts
 * import { createFakeVault } from '@ocisign/conformance/vault'
 * import { openKey } from '@ocisign/provider-vault/uri'
 *
 * const server = await createFakeVault({ token: 's.example' })
 * server.createKey('release', 'ecdsa-p384')
 * const environment = { VAULT_ADDR: server.origin, VAULT_TOKEN: 's.example' } // process.env where left out
 * console.log((await openKey('hashivault://release', { environment })).id) // hashivault://release?version=1
 * await server.close()
 * ```
 */
export async function openKey(
  uri: string,
  { environment = process.env, signal }: OpenKeyOptions = {},
): Promise<SigningKey<PublicKeyMaterial>> {
  // What somebody takes for a parameter may be a token.
  const shown = printable(uri.replace(/\?.*$/s, ''))
  const invalid = (why: string) => new OcisignError('INVALID_KEY', `${shown} ${why}`, { id: shown })
  const [, key, query = ''] = /^hashivault:\/\/([^?#/]+)(?:\?([^#]*))?$/.exec(uri) ?? []
  if (key === undefined) throw invalid('is no key of Vault; write hashivault://NAME')
  const parameters = new URLSearchParams(query)
  for (const name of parameters.keys())
    if (!['version', 'mount', 'namespace'].includes(name) || parameters.getAll(name).length > 1)
      throw invalid(`has "${printable(name, 40)}" too much; it may say version, mount and namespace, each once`)
  const version = parameters.get('version') ?? undefined
  if (version !== undefined && !/^[1-9][0-9]{0,8}$/.test(version)) throw invalid('has a version that is no number')
  const first = (...names: readonly string[]) => names.map((name) => environment[name]).find(Boolean)
  const address = first('VAULT_ADDR', 'BAO_ADDR')
  if (address === undefined) throw invalid('needs the address of the server in VAULT_ADDR')
  const token = first('VAULT_TOKEN', 'BAO_TOKEN')
  if (token === undefined) throw new OcisignError('DENIED_KEY', `${shown} needs a token in VAULT_TOKEN`, { id: shown })
  return createVaultKey({
    address,
    token,
    key,
    version: version === undefined ? undefined : Number(version),
    mount: parameters.get('mount') ?? first('TRANSIT_SECRET_ENGINE_PATH'),
    namespace: parameters.get('namespace') ?? first('VAULT_NAMESPACE', 'BAO_NAMESPACE'),
    signal,
  })
}
