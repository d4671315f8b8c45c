// SPDX-License-Identifier: Apache-2.0

/** What may be done to a repository. */
export type FakeAction = 'pull' | 'push' | 'delete'

/** Who may do what. */
interface Users {
  /** From names to passwords. */
  readonly users?: Readonly<Record<string, string>> | undefined
  /** What a user may do, or nobody in particular (undefined); users everything and others nothing by default. */
  readonly permissions?: ((user: string | undefined, repository: string) => readonly FakeAction[]) | undefined
}

/** How the registry asks who is there. */
export type Auth =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'basic' } & Users)
  | ({ readonly kind: 'bearer' } & Users & BearerOptions)

interface BearerOptions {
  /** From refresh tokens to the users they stand for. */
  readonly identityTokens?: Readonly<Record<string, string>> | undefined
  /** Tokens that the registry takes as they are, and the users they stand for. */
  readonly registryTokens?: Readonly<Record<string, string>> | undefined
  readonly service?: string | undefined
  /** Where tokens are, if the challenge is to say something else than the truth. */
  readonly realm?: string | undefined
  /** On the port of the registry, or on another. */
  readonly tokenServer?: 'same' | 'elsewhere' | undefined
  /** 300 by default; null says nothing, which means 60. */
  readonly expiresInSeconds?: number | null | undefined
  /** The member of the answer that has the token; both by default. */
  readonly tokenMember?: 'token' | 'access_token' | undefined
  /** The status for whoever is known but may not; 401 by default, as the reference implementation does. */
  readonly refusal?: 401 | 403 | undefined
  /** False for token services that know GET only. */
  readonly post?: boolean | undefined
}
