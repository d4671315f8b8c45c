// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from '@ocisign/core'
import type { Transport } from '../transport.js'

/** Who asks: a name and a password, or a token that the registry's token service exchanges. */
export type Credential =
  | { readonly username: string; readonly password: string }
  /** A refresh token of the registry's token service, as `docker login` keeps for ACR (`identitytoken`). */
  | { readonly identityToken: string }
  /** Sent as it is, `Authorization: Bearer …`: no token service is asked. */
  | { readonly registryToken: string }

/** What a {@link CredentialSource} is asked for. */
export interface CredentialRequest {
  /** `host[:port]`, exactly as in the reference; `registry-1.docker.io` is asked for as `docker.io`. */
  readonly host: string
  /** `host[:port]/path`; undefined where the registry itself is spoken to. */
  readonly repository?: string | undefined
  /** What was given before and has been refused: whoever remembers credentials looks for another one. */
  readonly refused?: Credential | undefined
}

/** Finds the credential for exactly this host; undefined for anonymous. It is asked again once a credential was refused. */
export type CredentialSource = (request: CredentialRequest, options?: CallOptions) => Promise<Credential | undefined>

/** What a request does to a repository, in the words of the token specification. */
export type Action = 'pull' | 'push' | 'delete'

/** What an authorization is for. */
export interface AuthorizationTarget {
  /** Scheme, host and port of the registry's own API. */
  readonly origin: string
  /** `host[:port]` as in the reference; credentials are looked up by it. */
  readonly host: string
  /** The path of the repository, without the host; empty for the registry itself. */
  readonly path: string
  readonly actions: readonly Action[]
  /** The path of a repository of the same registry that a blob is mounted from, and that is read for it. */
  readonly mountFrom?: string | undefined
}

/** Knows credentials and tokens; one for each client, so that tokens are shared by everything it does. */
export interface Authorizer {
  /** The `Authorization` header from what is at hand, without asking anybody; undefined at first, or for anonymous. */
  current(target: AuthorizationTarget): string | undefined
  /**
   * Answers a 401: reads its challenge, asks for a credential and a token where it says so, and resolves to the header to
   * try once more. `refused` is the header that was just refused: it is forgotten and never returned again.
   *
   * The challenge has to come from `target.origin`: one that a redirect led to is nothing to answer.
   * @throws DENIED_CREDENTIALS | DENIED_REPOSITORY | UNAVAILABLE_CREDENTIALS | UNAVAILABLE_REALM | MISUSE_OPTION, and what
   *   the transport and the source of credentials throw
   */
  answer(
    challenge: string | null,
    target: AuthorizationTarget,
    refused: string | undefined,
    options?: CallOptions,
  ): Promise<string>
}

/** What {@link Authorizer} is made of. */
export interface AuthorizerOptions {
  readonly transport: Transport
  readonly credentials?: CredentialSource | undefined
  readonly clock: () => Date
}
