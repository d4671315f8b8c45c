// SPDX-License-Identifier: Apache-2.0
import { type Digest, isDigest, parseDigest } from './digest.js'
import { OcisignError, printable } from './errors.js'

/** The parts of `host[:port]/path[:tag][@digest]`. */
export interface Reference {
  /** `host[:port]/path`, which trust policy scopes name. */
  readonly repository: string
  readonly tag?: string
  readonly digest?: Digest
}

// distribution-spec, pulling manifests: names and tags.
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const hostPattern =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/
const pathPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const maxReferenceLength = 1024

const invalid = (reference: string, why: string) =>
  new OcisignError('INVALID_REFERENCE', `"${printable(reference)}" ${why}`, { reference: printable(reference) })

/** Tells whether the text is a tag. */
export function isTag(text: string): boolean {
  return tagPattern.test(text)
}

/**
 * Reads what names content inside one repository: a tag or a digest.
 * @throws INVALID_REFERENCE | INVALID_DIGEST
 */
export function parseTagOrDigest(text: string): { readonly tag: string } | { readonly digest: Digest } {
  if (isDigest(text)) return { digest: text }
  if (text.includes(':')) return { digest: parseDigest(text) }
  if (isTag(text)) return { tag: text }
  throw invalid(text, 'is neither a tag nor a digest')
}

/**
 * Reads a repository, the scope of a trust policy: `host[:port]/path`, nothing implied and nothing normalised.
 * @throws INVALID_REFERENCE
 */
export function parseRepository(text: string): string {
  const slash = text.indexOf('/')
  if (text.length > maxReferenceLength) throw invalid(text, 'is too long for a repository')
  if (slash < 1) throw invalid(text, 'is not a repository; write host/path')
  if (!hostPattern.test(text.slice(0, slash))) throw invalid(text, 'does not begin with a host name')
  if (!pathPattern.test(text.slice(slash + 1)))
    throw invalid(text, 'has a path that no registry accepts; it is lower-case words separated by "/", ".", "_" or "-"')
  return text
}

/**
 * Reads `host[:port]/path`, followed by `:tag`, `@digest`, both, or nothing.
 * @throws INVALID_REFERENCE | INVALID_DIGEST
 */
export function parseReference(text: string): Reference {
  if (text.length > maxReferenceLength) throw invalid(text, 'is too long for a reference')
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1))
  const name = at < 0 ? text : text.slice(0, at)
  const colon = name.indexOf(':', name.indexOf('/') + 1)
  const tag = colon < 0 ? undefined : name.slice(colon + 1)
  if (tag !== undefined && !isTag(tag)) throw invalid(text, 'has a tag that no registry accepts')
  const repository = parseRepository(colon < 0 ? name : name.slice(0, colon))
  return { repository, ...(tag !== undefined && { tag }), ...(digest && { digest }) }
}
