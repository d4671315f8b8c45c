// SPDX-License-Identifier: Apache-2.0
// What a Notary Project signature signs (signature-specification, payload).
import { decodeBase64, decodeCharacters, encodeText, isUnicode } from '../bytes.js'
import type { Target } from '../descriptor.js'
import { isDigest } from '../digest.js'
import { isOcisignError, OcisignError, printable } from '../errors.js'
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject, requireExactNames } from '../json.js'
import { isPlain, type JsonCursor, takeAll, takeMembers, takeString, takeUnsigned } from '../json-cursor.js'

/** Annotations that begin so belong to the Notary Project. */
export const reservedMetadataPrefix = 'io.cncf.notary'

const payloadNames = ['targetArtifact']
const descriptorNames = ['mediaType', 'digest', 'size', 'annotations', 'artifactType', 'urls', 'data', 'platform']

const invalid = (reason: string, cause?: unknown) =>
  new OcisignError(
    'INVALID_PAYLOAD',
    `the signed payload ${reason}`,
    { reason },
    cause === undefined ? undefined : { cause },
  )

/** What a signature signed, as its payload says it. */
export type SignedTarget = Target & { readonly mediaType: string }

/**
 * Reads the payload of a signature: the descriptor of what was signed.
 *
 * Members that the specification does not know are ignored, as the reference does; those it knows have to have its
 * types, no duplicates and no other letter case. Numbers are integers, wherever they stand. Whether the target is the
 * one at hand is for whoever verifies to compare; annotations are the signed user metadata.
 * @throws INVALID_PAYLOAD
 */
export function parsePayload(bytes: Uint8Array): SignedTarget {
  const target = splitPayload(bytes)
  if (target) return target
  try {
    const payload = parseJsonObject(bytes, { what: 'payload', integersOnly: true })
    requireExactNames(payload, payloadNames, 'payload')
    const target = payload.targetArtifact
    if (!isJsonObject(target)) throw invalid('has no targetArtifact')
    requireExactNames(target, descriptorNames, 'targetArtifact')
    return parseTarget(target)
  } catch (cause) {
    if (isOcisignError(cause, 'INVALID_PAYLOAD') || !isOcisignError(cause)) throw cause
    throw invalid(`is malformed: ${cause.message}`, cause)
  }
}

const splitNames = ['mediaType', 'digest', 'size'] as const
const takePayload = (cursor: JsonCursor) => takeMembers(cursor, payloadNames, takeTarget)
const takeTarget = (cursor: JsonCursor) => takeMembers<string | number>(cursor, splitNames, takeMember)
const takeMember = (cursor: JsonCursor, place: number) => (place === 2 ? takeUnsigned(cursor) : takeString(cursor))

/** Reads what nearly all payloads are; undefined for any other, which the general reader then judges. */
function splitPayload(bytes: Uint8Array): SignedTarget | undefined {
  const payload = takeAll(decodeCharacters(bytes), takePayload)
  const [mediaType, digest, size] = payload?.[0] ?? []
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number') return
  return mediaType !== '' && isPlain(mediaType) && isDigest(digest) ? { mediaType, digest, size } : undefined
}

function parseTarget(target: JsonObject): SignedTarget {
  const { mediaType, digest, size } = target
  if (typeof mediaType !== 'string' || mediaType === '') throw invalid('has a target without a media type')
  if (typeof digest !== 'string' || !isDigest(digest)) throw invalid('has a target without a proper digest')
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || Object.is(size, -0))
    throw invalid('has a target without a proper size')
  requireOtherMembers(target)
  if (!Object.hasOwn(target, 'annotations')) return { mediaType, digest, size }
  return { mediaType, digest, size, annotations: parseAnnotations(target.annotations!) }
}

function parseAnnotations(annotations: JsonValue): Record<string, string> {
  if (!isJsonObject(annotations)) throw invalid('has annotations that are not an object')
  // No prototype: a lookup finds what was signed or nothing, whatever the name.
  const own: Record<string, string> = Object.create(null)
  for (const name in annotations) {
    const value = annotations[name]
    if (typeof value !== 'string') throw invalid(`has the annotation "${printable(name)}", whose value is not text`)
    own[name] = value
  }
  return own
}

/** Members of a descriptor that decide nothing here, but whose type the reference insists on. */
function requireOtherMembers(target: JsonObject): void {
  const { artifactType, urls, data, platform } = target
  const isText = (value: JsonValue) => typeof value === 'string'
  if (artifactType !== undefined && !isText(artifactType)) throw invalid('has an artifactType that is not text')
  if (urls !== undefined && !(Array.isArray(urls) && urls.every(isText))) throw invalid('has urls that are not text')
  if (platform !== undefined && !isJsonObject(platform)) throw invalid('has a platform that is not an object')
  if (data !== undefined && !(typeof data === 'string' && decodeBase64(data, 'data')))
    throw invalid('has data that is not text')
}

/**
 * Writes the payload for a target: media type, digest and size, and its annotations as the user metadata to sign.
 *
 * Annotations are sorted by name, so that the same target has one payload.
 * @throws INVALID_PAYLOAD | MISUSE_OPTION as {@link requireUserMetadata}
 */
export function encodePayload({ mediaType, digest, size, annotations }: Target): Uint8Array {
  const members = [
    `"mediaType":${JSON.stringify(mediaType)}`,
    `"digest":${JSON.stringify(digest)}`,
    `"size":${JSON.stringify(size)}`,
  ]
  if (annotations !== undefined) {
    // Each is read once, so that what was checked is what is written.
    const entries = Object.entries(annotations)
    requireUserMetadata(Object.fromEntries(entries))
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    const pairs = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    if (pairs.length > 0) members.push(`"annotations":{${pairs.join(',')}}`)
  }
  const bytes = encodeText(`{"targetArtifact":{${members.join(',')}}}`)
  parsePayload(bytes)
  return bytes
}

/**
 * Holds user metadata to the rules before it is signed: text, no empty name, no name of the Notary Project.
 * @throws MISUSE_OPTION
 */
export function requireUserMetadata(metadata: Readonly<Record<string, string>>): void {
  const refuse = (name: string, why: string) =>
    new OcisignError('MISUSE_OPTION', `user metadata "${printable(name)}" ${why}`, { option: 'userMetadata' })
  for (const [name, value] of Object.entries(metadata)) {
    if (name === '') throw refuse(name, 'has no name; give it one')
    if (name.startsWith(reservedMetadataPrefix))
      throw refuse(name, `begins with ${reservedMetadataPrefix}, which is reserved; choose another name`)
    if (typeof value !== 'string') throw refuse(name, 'is not text; write its value as a string')
    if (!isUnicode(name) || !isUnicode(value)) throw refuse(name, 'is not valid Unicode')
  }
}
