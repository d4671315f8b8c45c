// SPDX-License-Identifier: Apache-2.0
import {
  importPeer,
  OcisignError,
  type OpenKeyOptions,
  type PublicKeyMaterial,
  printable,
  type SigningKey,
} from '@ocisign/core'
import { createAcmeKey } from '../key.js'

/** The scheme of {@link openKey}. */
export const scheme = 'acme'

/**
 * Opens `acme://HOST/KEY`, with the token that is in ACME_TOKEN. Needs `acme-client`.
 * @throws INVALID_KEY for another URI, DENIED_KEY without a token, and what {@link createAcmeKey} throws
 */
export async function openKey(
  uri: string,
  { environment = process.env, signal }: OpenKeyOptions = {},
): Promise<SigningKey<PublicKeyMaterial>> {
  const id = printable(uri)
  const [, host, keyId] = /^acme:\/\/([\w.:-]+)\/([\w-]+)$/.exec(uri) ?? []
  if (host === undefined || keyId === undefined)
    throw new OcisignError('INVALID_KEY', `${id} is no key of Acme; write acme://HOST/KEY`, { id })
  const token = environment.ACME_TOKEN
  if (!token) throw new OcisignError('DENIED_KEY', `${id} needs a token in ACME_TOKEN`, { id })
  const { AcmeClient } = await importPeer('acme-client', () => import('acme-client'))
  return createAcmeKey({ client: new AcmeClient({ host, token, retries: 0 }), keyId, signal })
}
