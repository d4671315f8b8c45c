// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, isDigest, OcisignError } from '@ocisign/core'
import { checkAccess } from './access.js'
import { createAuthorizer } from './auth/authorizer.js'
import { createCache } from './auth/cache.js'
import { fetchBlob } from './blobs.js'
import { createClient } from './client.js'
import type { RepositoryContext } from './context.js'
import { createKeepAliveFetch } from './keep-alive.js'
import { createManifests } from './manifests.js'
import { isManifestType } from './media-type.js'
import { parseHost, parseRepositoryName, type RepositoryName } from './names.js'
import {
  type Registry,
  type RegistryLimits,
  type RegistryOptions,
  type RegistryRepository,
  registryLimits,
} from './options.js'
import { createReferrers } from './referrers.js'
import { createReferrersTagWriter } from './referrers-tag.js'
import { listTags } from './tags.js'
import { createTransport } from './transport.js'
import { createUploads, mountBlob } from './uploads.js'

const maxRepositories = 1000

/**
 * Makes what speaks to registries; all repositories of it share connections, tokens and limits. Nothing is asked yet.
 *
 * A repository is a store: every byte that is read is held to its digest, references are resolved once, and a listing
 * that fails throws. What a tag names is the registry's word: only a signature tells whether it is the right thing.
 * @throws MISUSE_OPTION for a limit that is none
 *
 * @example
 * ```ts
 * import { createRegistry } from '@ocisign/registry'
 *
 * const registry = createRegistry({
 *   credentials: async ({ host }) => (host === 'ghcr.io' ? { username: 'me', password: 'token' } : undefined),
 * })
 * const repository = registry.repository('ghcr.io/org/app')
 * console.log(repository.repository) // then: await repository.resolve('v1')
 * ```
 */
export function createRegistry(options: RegistryOptions = {}): Registry {
  const clock = options.clock ?? (() => new Date())
  const limits = limitsOf(options.limits)
  const notice = options.onNotice ?? (() => {})
  const transport = createTransport({
    fetch: options.fetch ?? createKeepAliveFetch(globalThis.fetch),
    limits,
    clock,
    notice,
    userAgent: options.userAgent,
  })
  const authorizer = createAuthorizer({ transport, credentials: options.credentials, clock })
  // One of each, so that what several callers do to one repository is put in order there.
  const repositories = createCache<RegistryRepository>(maxRepositories, (text) => {
    const name = parseRepositoryName(text, options.insecureHosts)
    const client = createClient(name, { transport, authorizer, clock })
    return createRepository({ client, limits, notice }, name, options)
  })
  return {
    repository: (text) => repositories.ensure(parseRepositoryName(text).repository),
    async checkAccess(text, call) {
      const { host, origin } = parseHost(text, options.insecureHosts)
      const client = createClient({ repository: host, host, path: '', origin }, { transport, authorizer, clock })
      await checkAccess(client, call)
    },
  }
}

function createRepository(
  context: RepositoryContext,
  { repository, origin }: RepositoryName,
  { referrersTag, insecureHosts }: RegistryOptions,
): RegistryRepository {
  const manifests = createManifests(context, {
    referrersTag: createReferrersTagWriter(context),
    alwaysTags: referrersTag === 'always',
  })
  const uploads = createUploads(context)
  const read: RegistryRepository['fetch'] = (target, options) =>
    isManifestType(target.mediaType) ? manifests.fetch(target, options) : fetchBlob(context, target, options)
  const referrers = createReferrers(context, read)
  return {
    repository,
    fetch: read,
    async resolve(reference, options: CallOptions & { readonly listsNext?: string | undefined } = {}) {
      const { listsNext, signal } = options
      // Of a tag nobody knows yet whose referrers they would be.
      if (listsNext === undefined || !isDigest(reference)) return manifests.resolve(reference, { signal })
      const putAway = referrers.ahead(reference, { artifactType: listsNext || undefined, signal })
      try {
        return await manifests.resolve(reference, { signal })
      } catch (error) {
        putAway()
        throw error
      }
    },
    push: (expected, content, options) =>
      isManifestType(expected.mediaType)
        ? manifests.push(expected, content, options)
        : uploads.push(expected, content, options),
    tag: (target, tag, options) => manifests.tag(target, tag, options),
    referrers: (subject, options) => referrers.list(subject, options),
    tags: (options) => listTags(context, options),
    async mount(target, from, options) {
      const other = parseRepositoryName(from, insecureHosts)
      if (other.origin !== origin || isManifestType(target.mediaType)) return false
      return mountBlob(context, target, other.path, options)
    },
  }
}

function limitsOf(given: Partial<RegistryLimits> = {}): RegistryLimits {
  const limits = { ...registryLimits }
  for (const name of Object.keys(registryLimits) as (keyof RegistryLimits)[]) {
    const value = given[name] ?? registryLimits[name]
    if (!Number.isSafeInteger(value) || value < (name === 'redirects' || name === 'retryAfterSeconds' ? 0 : 1))
      throw new OcisignError('MISUSE_OPTION', `the limit ${name} is a whole number of at least 1`, {
        option: `limits.${name}`,
      })
    limits[name] = value
  }
  return limits
}
