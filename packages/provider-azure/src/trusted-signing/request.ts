// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, type JsonObject, readJsonAnswer } from '@ocisign/core'

/** Of `@azure/identity`, or whatever has tokens. */
export interface TokenCredentialLike {
  getToken(
    scopes: string,
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>
}

/** Where a certificate profile is, and who asks. */
export interface TrustedSigningProfile {
  /** `…/certificateprofiles/NAME/`. */
  readonly base: string
  readonly token: (options: CallOptions) => Promise<string>
  readonly send: typeof globalThis.fetch
}

/** An answer that is not the one hoped for. */
export interface TrustedSigningFailure {
  readonly statusCode: number
  readonly code: string
}

const apiVersion = '2022-06-15-preview'

/** Asks the service once. @throws TrustedSigningFailure, and what `fetch` throws */
export async function askService(
  { base, token, send }: TrustedSigningProfile,
  path: string,
  body: Readonly<Record<string, string>> | undefined,
  { signal }: CallOptions,
): Promise<JsonObject> {
  const response = await send(`${base}${path}?api-version=${apiVersion}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      Authorization: `Bearer ${await token({ signal })}`,
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    // A token goes where it belongs and nowhere else.
    redirect: 'manual',
    signal: signal ?? null,
  })
  const document = await readJsonAnswer(response)
  if ((response.status === 200 || response.status === 202) && document) return document
  const error = (document?.error ?? {}) as { readonly code?: unknown }
  const failure: TrustedSigningFailure = {
    statusCode: response.status || 307,
    code: typeof error.code === 'string' ? error.code : '',
  }
  throw failure
}
