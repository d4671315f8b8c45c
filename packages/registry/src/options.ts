// SPDX-License-Identifier: Apache-2.0
import type { ArtifactStore, CallOptions, Descriptor, TagLister } from '@ocisign/core'
import type { CredentialSource } from './auth/types.js'

/** How much is done at once and how often; what is exceeded waits, or ends in UNAVAILABLE_. */
export interface RegistryLimits {
  /** Requests to one host at the same time. */
  readonly requestsPerHost: number
  /** Requests to one host that begin in one second. */
  readonly requestsPerSecond: number
  /** How often a request is sent at most, the first time included. */
  readonly tries: number
  /** Milliseconds before the second try at most, doubled for each one after; how long exactly is drawn at random. */
  readonly backoffMilliseconds: number
  /** Milliseconds without a byte after which a connection is given up. */
  readonly idleMilliseconds: number
  /** A server that asks for a longer wait is not waited for. */
  readonly retryAfterSeconds: number
  /** Pages of one listing. */
  readonly pages: number
  /** Bytes of a page, an index or a manifest. */
  readonly documentBytes: number
  readonly redirects: number
  /** Bytes of one request of a chunked upload. */
  readonly chunkBytes: number
}

/** The limits that hold where {@link RegistryOptions.limits} says nothing. */
export const registryLimits: RegistryLimits = {
  requestsPerHost: 16,
  requestsPerSecond: 1_000,
  tries: 4,
  backoffMilliseconds: 250,
  idleMilliseconds: 20_000,
  retryAfterSeconds: 30,
  pages: 50,
  documentBytes: 4 * 1024 * 1024,
  redirects: 5,
  chunkBytes: 16 * 1024 * 1024,
}

/** What {@link createRegistry} accepts. */
export interface RegistryOptions {
  /** Sends requests; where a proxy or a private certificate authority is needed, one that knows them. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Who is asked for credentials; anonymous where left out. */
  readonly credentials?: CredentialSource | undefined
  /** Hosts (`host[:port]`) spoken to by plain http; loopback addresses need not be named. `all` is every host, `none` not even those. */
  readonly insecureHosts?: readonly string[] | 'all' | 'none' | undefined
  readonly limits?: Partial<RegistryLimits> | undefined
  /** For tests. */
  readonly clock?: (() => Date) | undefined
  /** Sent as `User-Agent`. */
  readonly userAgent?: string | undefined
  /** Hears what is worth knowing and no failure: an old index that could not be deleted, a retry. */
  readonly onNotice?: ((notice: Notice) => void) | undefined
  /** Signature and other referrers are written with the tag schema even where the registry has the Referrers API. */
  readonly referrersTag?: 'fallback' | 'always' | undefined
}

/** Something worth knowing that is no failure. */
export interface Notice {
  readonly kind: 'retry' | 'old-index-kept'
  readonly host: string
  /** One line for people; safe to print. */
  readonly message: string
}

/** Repositories of any registries that share connections, tokens and limits. */
export interface Registry {
  /** The store of one repository, `host[:port]/path`; nothing is asked yet. @throws INVALID_REFERENCE */
  repository(name: string): RegistryRepository
  /**
   * Proves that the registry `host[:port]` answers, and that it takes the credentials if it asks for any.
   * @throws INVALID_REFERENCE | DENIED_CREDENTIALS, and what else may go wrong on the way there
   */
  checkAccess(host: string, options?: CallOptions): Promise<void>
}

/** One repository as a store. */
export interface RegistryRepository extends ArtifactStore, TagLister {
  readonly repository: string
  /** Makes a blob of another repository of the same registry one of this; false where it has to be uploaded. */
  mount(target: Descriptor, from: string, options?: CallOptions): Promise<boolean>
}
