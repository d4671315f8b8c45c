// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OcisignError, printable } from '@ocisign/core'
import { openArchive } from './archive.js'

/** The validation types of the Notary Project's trust policies, in the order in which they run. */
export type NotaryCheck = 'integrity' | 'authenticity' | 'authenticTimestamp' | 'expiry' | 'revocation'

/** One artifact with its signatures, and what notation-go v1.3.2 said about it. */
export interface NotaryCorpusCase {
  readonly name: string
  readonly group: string
  readonly description: string
  /** The artifact in the layout: its tag, which is also the case's name, and its digest. */
  readonly tag: string
  readonly digest: string
  /** The configuration to verify with; `configDirectory` makes a path of it. */
  readonly config: string
  /** The repository that the artifact counts as: what trust policies select by. */
  readonly scope: string
  /** How the signature manifest is marked: `custom` is hand-made, or there is no signature. */
  readonly manifest: 'artifactType' | 'legacy' | 'custom'
  /** The media type of the (first) envelope; may be empty for an artifact without a signature. */
  readonly mediaType: string
  /** Pairs that the signature must contain. */
  readonly userMetadata?: Readonly<Record<string, string>>
  readonly expected: NotaryExpectation
  /** Why the reference's outcome is disputed or not stable: decide such a case on its merits. */
  readonly note?: string
}

/** What the reference implementation did: an observation, not a judgement. */
export interface NotaryExpectation {
  /** At least one signature was good, or the level was `skip`. */
  readonly verified: boolean
  /**
   * The checks that failed, enforced or only logged, sorted: of the signature that counted, or, where none was good,
   * of all that were tried. Empty with `verified: false`: something else failed, such as the policy or a descriptor.
   */
  readonly failedChecks: readonly NotaryCheck[]
  /** The reference's message, for people: do not compare it. */
  readonly error?: string
}

/** The corpus unpacked on disk. */
export interface NotaryCorpus {
  /** Where it was unpacked: absolute, and gone after `close`. */
  readonly directory: string
  readonly cases: readonly NotaryCorpusCase[]
  /** The path of the OCI image layout that holds every artifact and signature. */
  readonly layout: string
  /** The path of a case's Notation configuration directory. @throws `MISUSE_OPTION` for a name that no case has */
  configDirectory(name: string): string
  /** Removes the directory. */
  close(): Promise<void>
}

/**
 * Unpacks the Notary corpus, 877 cases that notation-go v1.3.2 has judged, into a new temporary directory.
 *
 * One blob does not match its digest, others are absent, and some configurations are invalid: on purpose.
 * The revocation cases name a responder at 127.0.0.1:1, where nothing should listen; no case needs a network.
 *
 * @throws `UNAVAILABLE_FILE` and `INVALID_CONTENT` where the package is incomplete or damaged
 *
 * @example
 * ```ts
 * import { openNotaryCorpus } from '@ocisign/conformance/corpus'
 *
 * const corpus = await openNotaryCorpus()
 * for (const { name, config, expected } of corpus.cases.slice(0, 3)) {
 *   console.log(name, corpus.configDirectory(config), expected.verified)
 * }
 * await corpus.close()
 * ```
 */
export async function openNotaryCorpus(): Promise<NotaryCorpus> {
  // The same from src/corpus and from dist/corpus, because this module is an entry of its own.
  const { directory, close } = await openArchive(
    new URL('../../vectors/notary-corpus.tar.br', import.meta.url),
    'ocisign-corpus-',
  )
  try {
    const cases: readonly NotaryCorpusCase[] = JSON.parse(await readFile(join(directory, 'cases.json'), 'utf8'))
    const configurations = new Set(cases.map((one) => one.config))
    const configDirectory = (name: string): string => {
      if (configurations.has(name)) return join(directory, 'configs', name)
      const message = `the corpus has no configuration ${printable(name)}: take the name from a case`
      throw new OcisignError('MISUSE_OPTION', message, { option: 'name' })
    }
    return { directory, cases, layout: join(directory, 'layout'), configDirectory, close }
  } catch (error) {
    await close()
    throw error
  }
}
