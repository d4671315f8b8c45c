// SPDX-License-Identifier: Apache-2.0
// Every tag of a repository, for `verify --all`.
import { OcisignError, printable } from '@ocisign/core'
import type { Artifacts, OpenArtifact } from './artifact.js'

/** Something to verify, or why it could not be found. */
export interface Item {
  readonly name: string
  readonly open: () => Promise<OpenArtifact>
}

/** Tags of the referrers tag schema and of cosign: they hold signatures and the like, and are no artifacts themselves. */
const attachmentTag = /^sha(?:256|384|512)-[0-9a-f]{64,128}(?:\.(?:sig|att|sbom))?$/

/** Lists every tag; a listing that fails, and one that is empty, is an item whose opening says so. */
export async function* listTags(
  names: readonly string[],
  artifacts: Artifacts,
  signal: AbortSignal,
  onSkipped: (name: string, count: number) => void,
): AsyncGenerator<Item, void, undefined> {
  for (const name of names) {
    let [found, skipped] = [0, 0]
    try {
      const store = await artifacts.openRepository(name)
      for await (const tag of store.tags({ signal })) {
        if (attachmentTag.test(tag)) {
          skipped++
          continue
        }
        found++
        yield { name: `${name}:${tag}`, open: async () => ({ store, reference: tag }) }
      }
      if (skipped > 0) onSkipped(name, skipped)
      if (found === 0) yield failed(name, noTags(name))
    } catch (error) {
      signal.throwIfAborted()
      yield failed(name, error)
    }
  }
}

const failed = (name: string, error: unknown): Item => ({ name, open: () => Promise.reject(error) })

/** Nothing was verified, so this is no yes. */
const noTags = (name: string) =>
  new OcisignError('UNAVAILABLE_NOT_FOUND', `${printable(name, 1000)} has no tags, so there is nothing to verify`, {
    reference: printable(name, 1000),
    retryable: false,
  })
