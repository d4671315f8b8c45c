// SPDX-License-Identifier: Apache-2.0
import type { FakeAuthority } from '../ca.js'
import type { Auth } from './auth-options.js'
import type { RegistryContent } from './content.js'

/** What a registry may decide for itself; the defaults are those of a new and complete one. */
export interface FakeRegistryFeatures {
  /** Whether there is a Referrers API; 404 where not. */
  readonly referrersApi: boolean
  /** Descriptors on a page of referrers. */
  readonly referrersPerPage: number
  /** Whether `artifactType` filters referrers. */
  readonly filtersReferrers: boolean
  /** Tags on a page, where fewer are not asked for. */
  readonly tagsPerPage: number
  /** Whether `Location` and `Link` are whole addresses. */
  readonly absoluteLocations: boolean
  /** Whether a blob can be uploaded by one POST. */
  readonly singlePost: boolean
  /** Whether blobs can be mounted: not at all, from the repository that is named, or from wherever they are. */
  readonly mounts: 'never' | 'named' | 'anywhere'
  /** Bytes that each chunk has to have but the last. */
  readonly chunkMinLength: number
  /** Whether `tag` parameters of a PUT are heard. */
  readonly tagParameters: boolean
  /** Whether PUT of a tag honours `If-Match` and `If-None-Match`, and answers have an `ETag`. */
  readonly etags: boolean
  /** Whether a push makes the repository. */
  readonly createsRepositories: boolean
  /** What may be deleted. */
  readonly deletes: { readonly tags: boolean; readonly manifests: boolean; readonly blobs: boolean }
  /** Whether what a manifest names has to be there. */
  readonly checksReferences: boolean
  /** Whether `Accept` has to have the type of the manifest. */
  readonly negotiates: boolean
  /** Bytes of a manifest. */
  readonly manifestBytes: number
  /** Text of a `Warning` header on every answer. */
  readonly warning: string | undefined
}

/** What a fake registry is able to do unless it is told otherwise. */
export const fakeRegistryFeatures: FakeRegistryFeatures = {
  referrersApi: true,
  referrersPerPage: Number.POSITIVE_INFINITY,
  filtersReferrers: true,
  tagsPerPage: Number.POSITIVE_INFINITY,
  absoluteLocations: false,
  singlePost: true,
  mounts: 'named',
  chunkMinLength: 0,
  tagParameters: true,
  etags: false,
  createsRepositories: true,
  deletes: { tags: true, manifests: true, blobs: true },
  checksReferences: true,
  negotiates: true,
  manifestBytes: 4 * 1024 * 1024,
  warning: undefined,
}

/** What {@link createFakeRegistry} accepts. */
export interface FakeRegistryOptions extends Partial<FakeRegistryFeatures> {
  readonly auth?: Auth | undefined
  /** `127.0.0.1` by default. */
  readonly address?: '127.0.0.1' | '::1' | undefined
  /** Serves https with a certificate of this authority. */
  readonly tls?: FakeAuthority | undefined
  /** Lets pages of these origins read answers; `*` is any. */
  readonly cors?: string | undefined
  /** Milliseconds before each answer begins. */
  readonly latency?: number | undefined
  /**
   * Milliseconds without a new request after which all that wait are answered at once: what a client asks for at the
   * same time is then one step, however busy the machine is.
   */
  readonly settle?: number | undefined
  /** False keeps no list of requests, for long runs. */
  readonly records?: boolean | undefined
  /** For tokens; the time now by default. */
  readonly clock?: (() => Date) | undefined
}

/** What the end-points know. */
export interface EndpointContext {
  readonly content: RegistryContent
  readonly uploads: Map<string, Upload>
  features: FakeRegistryFeatures
}

/** A blob on its way. */
export interface Upload {
  readonly repository: string
  bytes: Uint8Array
  /** A chunk shorter than allowed was the last, so far. */
  short: boolean
}
