// SPDX-License-Identifier: Apache-2.0
import { storeCases } from '@ocisign/conformance'
import { createFakeRegistry, type FakeRegistry, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import type { ArtifactStore, CallOptions } from '@ocisign/core'
import { createRegistry, type RegistryOptions } from '@ocisign/registry'
import { describe, test } from 'vitest'

const kinds: readonly (readonly [string, FakeRegistryOptions, RegistryOptions])[] = [
  ['the Referrers API', {}, {}],
  ['the tag schema', { referrersApi: false }, {}],
  [
    'pages, whole addresses, and no filter',
    { referrersPerPage: 3, absoluteLocations: true, filtersReferrers: false },
    {},
  ],
  ['chunks', { chunkMinLength: 1000 }, { limits: { chunkBytes: 1000 } }],
  ['no mounts', { mounts: 'never' }, {}],
  [
    'tokens',
    { auth: { kind: 'bearer', users: { me: 'secret' } } },
    { credentials: async () => ({ username: 'me', password: 'secret' }) },
  ],
]

async function* withoutReferrersTags(tags: AsyncIterable<string>) {
  for await (const tag of tags) if (!/^sha(?:256|384|512)-[0-9a-f]{64}$/.test(tag)) yield tag
}

describe.each(kinds)('a repository of a registry with %s is a store', (_, features, options) => {
  const servers = new Map<ArtifactStore, FakeRegistry>()
  const cases = storeCases({
    async create() {
      const server = await createFakeRegistry(features)
      // A registry says of a repository that nobody has pushed to that it does not exist: that is another answer.
      server.seedImage('org/app')
      const registry = createRegistry({ ...options, limits: { backoffMilliseconds: 1, ...options.limits } })
      const repository = registry.repository(`${server.host}/org/app`)
      // What lists referrers under a tag is tagged, and so is listed, too.
      const store = { ...repository, tags: (call?: CallOptions) => withoutReferrersTags(repository.tags(call)) }
      servers.set(store, server)
      return store
    },
    async dispose(store) {
      await servers.get(store)?.close()
      servers.delete(store)
    },
  })
  for (const { name, run } of cases) test(name, run)
})
