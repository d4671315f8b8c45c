// SPDX-License-Identifier: Apache-2.0
// The codes of this package, beside those of core; docs/errors.md explains each.

/** Where an answer came from. `status` is undefined where there was none. */
interface From {
  /** `host[:port]`. */
  readonly host: string
  readonly status?: number | undefined
}

declare module '@ocisign/core' {
  interface ErrorCatalogue {
    /** A name, password or token was refused, or is needed and there is none. */
    DENIED_CREDENTIALS: From
    /** Known to the registry, but not allowed to do this. */
    DENIED_REPOSITORY: From & { readonly repository: string }
    /** An answer that ended before all of it was there. */
    UNAVAILABLE_CONTENT: From & { readonly status: number; readonly retryable: true }
    /** No connection, or one that broke before it brought an answer. */
    UNAVAILABLE_HOST: From & { readonly retryable: true }
    /** The certificate of the host is not trusted, or the connection is not the kind it has to be. */
    UNAVAILABLE_TLS: From & { readonly retryable: false }
    UNAVAILABLE_REDIRECT: From & { readonly retryable: false }
    /** Too many requests, for longer than the call may wait. */
    UNAVAILABLE_RATE_LIMIT: From & { readonly retryable: true; readonly retryAfterSeconds?: number | undefined }
    /** There is no such repository on this registry. */
    UNAVAILABLE_REPOSITORY: From & { readonly repository: string; readonly retryable: false }
    /** Referrers or tags could not be listed: never the same as none. */
    UNAVAILABLE_LISTING: From & { readonly repository: string; readonly retryable: boolean }
    /** Any other answer that is not one. `codes` are the registry's own. */
    UNAVAILABLE_REGISTRY: From & { readonly codes: readonly string[]; readonly retryable: boolean }
    /** A credential helper or a token service did not do its part. */
    UNAVAILABLE_CREDENTIALS: From & { readonly helper?: string | undefined; readonly retryable: boolean }
    /** The registry sent us to a token service that credentials may not go to. */
    UNAVAILABLE_REALM: From & { readonly realm: string; readonly retryable: false }
  }
}

export {}
