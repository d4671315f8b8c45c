// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeCases } from '@ocisign/conformance'
import type { ArtifactStore, Descriptor, TagLister } from '@ocisign/core'
import { createTarLayout, type NewTarLayout, openTarLayout, type TarLayout } from '@ocisign/layout'
import { afterAll, describe, test } from 'vitest'

const made: string[] = []
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true }))))

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'ocisign-tar-'))
  made.push(path)
  return path
}

describe('a tar archive in the making', () => {
  const create = async () => createTarLayout(join(await temporaryFolder(), 'app.tar'))
  for (const { name, run } of storeCases({ create, dispose: (store) => (store as NewTarLayout).close() }))
    test(name, run)
})

/** Every question is answered by an archive: one that is written for it, with all that was pushed before. */
async function createRewritten(): Promise<ArtifactStore & TagLister> {
  const folder = await temporaryFolder()
  const path = join(folder, 'app.tar')
  const staged = await createTarLayout(path)
  const pushed = new Map<string, Descriptor>()
  const tags = new Map<string, Descriptor>()
  let writing: Promise<unknown> = Promise.resolve()

  const write = async () => {
    const target = await createTarLayout(path, { replace: true })
    for (const descriptor of pushed.values()) await target.push(descriptor, await staged.fetch(descriptor))
    for (const [tag, descriptor] of tags) await target.tag(descriptor, tag)
    await target.finish()
    return openTarLayout(path)
  }
  const ask = async <T>(question: (layout: TarLayout) => Promise<T>): Promise<T> => {
    const layout = writing.then(write)
    writing = layout.catch(() => undefined)
    try {
      return await question(await layout)
    } finally {
      await (await layout).close()
    }
  }
  const all = async function* <T>(list: (layout: TarLayout) => AsyncIterable<T>) {
    yield* await ask(async (layout) => {
      const items: T[] = []
      for await (const item of list(layout)) items.push(item)
      return items
    })
  }

  return {
    async push(expected, content, options) {
      await staged.push(expected, content, options)
      if (!pushed.has(expected.digest)) pushed.set(expected.digest, expected)
    },
    async tag(target, tag, options) {
      await staged.tag(target, tag, options)
      tags.set(tag, target)
    },
    resolve: (reference, options) => ask((layout) => layout.resolve(reference, options)),
    fetch: (target, options) =>
      ask(async (layout) => {
        const chunks: Uint8Array[] = []
        for await (const chunk of await layout.fetch(target, options)) chunks.push(chunk)
        return (async function* () {
          yield* chunks
        })()
      }),
    referrers: (subject, options) => all((layout) => layout.referrers(subject, options)),
    tags: (options) => all((layout) => layout.tags(options)),
  }
}

describe('a tar archive that is read', () => {
  for (const { name, run } of storeCases({ create: createRewritten })) test(name, run)
})
