// SPDX-License-Identifier: Apache-2.0
import { importPeer, OcisignError, type OpenKeyOptions, printable } from '@ocisign/core'

/** Ours is the one that tries again, and that says how often. */
export const retryOptions = { maxRetries: 0 } as const

/**
 * The credentials of `DefaultAzureCredential`, which asks for a token once; needs `@azure/identity`.
 *
 * So do managed identities, which by themselves would try for more than a minute where an identity is just being made.
 * @throws DENIED_KEY where the environment asks for a credential that there is not
 */
export async function openCredential(id: string, environment: NonNullable<OpenKeyOptions['environment']>) {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await importPeer(
    '@azure/identity',
    () => import('@azure/identity'),
  )
  const { AZURE_CLIENT_ID: clientId, AZURE_TOKEN_CREDENTIALS: wanted = '' } = environment
  // Where this one is asked for by name, DefaultAzureCredential makes it with options of its own: five retries.
  if (wanted.trim().toLowerCase() === 'managedidentitycredential')
    return new ManagedIdentityCredential({ retryOptions, ...(clientId && { clientId }) })
  try {
    return new DefaultAzureCredential({ retryOptions })
  } catch (cause) {
    const message = `${id}: ${printable(cause instanceof Error ? cause.message : String(cause), 300)}`
    throw new OcisignError('DENIED_KEY', message, { id }, { cause })
  }
}
