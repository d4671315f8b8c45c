// SPDX-License-Identifier: Apache-2.0
// Critical attributes that only somebody else understands (plugin-extensibility, verification workflow).

import type { Awaitable } from '../../crypto/platform.js'
import type { CallOptions } from '../../descriptor.js'
import { OcisignError, printable } from '../../errors.js'
import type { Outcome } from '../../verdict.js'
import { attributeNames, parseVerificationPlugin, verificationPluginAttributes } from '../attributes.js'
import type { UnverifiedEnvelope } from '../envelope.js'
import type { AnyVerificationExtension, ExtensionFinder, ExtensionRequest, ReplaceableCheck } from '../extension.js'

const unsupported = (message: string, attributes: readonly (string | number)[]) =>
  new OcisignError('UNSUPPORTED_ATTRIBUTE', message, { attributes: attributes.map(String) })

/**
 * Finds the extension that a signature asks for; undefined where it asks for none.
 * @throws UNSUPPORTED_ATTRIBUTE for critical attributes that nobody here understands
 * @throws INVALID_ENVELOPE for a malformed request
 */
export function selectExtension(
  { attributes: { extended }, mediaType }: UnverifiedEnvelope,
  extensions: readonly AnyVerificationExtension[] | ExtensionFinder,
  isAnchored: boolean,
  { signal }: CallOptions = {},
): Awaitable<AnyVerificationExtension | undefined> {
  if (extended.length === 0) return undefined
  const wanted = parseVerificationPlugin(extended, mediaType)
  if (!wanted) {
    const unknown = extended.filter(({ critical }) => critical).map(({ key }) => key)
    if (unknown.length === 0) return undefined
    throw unsupported(`the signature has critical attributes that are not known here: ${list(unknown)}`, unknown)
  }
  if (typeof extensions !== 'function') return requireFitting(findIn(extensions, wanted), wanted)
  // To look for one may run it, and that is for those whose chain reached an anchor.
  if (!isAnchored) return requireFitting(undefined, wanted)
  return extensions(wanted.name, { signal }).then((found) => requireFitting(found && findIn([found], wanted), wanted))
}

type Wanted = NonNullable<ReturnType<typeof parseVerificationPlugin>>

const findIn = (extensions: readonly AnyVerificationExtension[], { name }: Wanted) =>
  extensions.find((each) => each.name === name)

function requireFitting(
  extension: AnyVerificationExtension | undefined,
  { name, minimumVersion }: Wanted,
): AnyVerificationExtension {
  if (!extension)
    throw unsupported(`the signature can only be verified with the extension "${printable(name, 100)}"`, [
      attributeNames.verificationPlugin,
    ])
  if (extension.replaces.length === 0)
    throw unsupported(`the extension "${name}" takes over no check`, [attributeNames.verificationPlugin])
  if (minimumVersion !== undefined && !isAtLeast(extension.version, minimumVersion))
    throw unsupported(`the signature asks for "${name}" ${minimumVersion} or later, this is ${extension.version}`, [
      attributeNames.verificationPluginMinVersion,
    ])
  return extension
}

/** Holds what was dealt with to what is critical. @throws UNSUPPORTED_ATTRIBUTE */
export function refuseUnprocessed(
  extension: AnyVerificationExtension,
  { attributes }: UnverifiedEnvelope,
  processed: readonly (string | number)[],
): void {
  const unprocessed = attributes.extended
    .filter(({ key, critical }) => critical && !isPluginAttribute(key) && !processed.includes(key))
    .map(({ key }) => key)
  if (unprocessed.length > 0)
    throw unsupported(`the extension "${extension.name}" did not deal with ${list(unprocessed)}`, unprocessed)
}

/** Asks an extension and holds its answer to what was asked. @throws UNSUPPORTED_ATTRIBUTE | UNAVAILABLE_VERIFICATION */
export async function askExtension(
  extension: AnyVerificationExtension,
  request: ExtensionRequest,
  options?: CallOptions,
): Promise<Readonly<Partial<Record<ReplaceableCheck, Outcome>>>> {
  const { results, processedAttributes } = await extension.verify(request, options)
  refuseUnprocessed(extension, request.envelope, processedAttributes)
  const given: Partial<Record<ReplaceableCheck, Outcome>> = results
  // What it was not asked for is not heard.
  const answered = Object.fromEntries(request.checks.map((check) => [check, given[check]]))
  const missing = request.checks.filter((check) => answered[check] === undefined)
  if (missing.length > 0)
    throw new OcisignError(
      'UNAVAILABLE_VERIFICATION',
      `the extension "${extension.name}" did not judge ${list(missing)}`,
      {
        target: request.target.digest,
        refusals: [],
        retryable: false,
      },
    )
  return answered
}

const list = (keys: readonly (string | number)[]) => keys.map((key) => printable(String(key), 100)).join(', ')

const isPluginAttribute = (key: string | number) => verificationPluginAttributes.includes(String(key))

const versionPattern =
  /^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})(?:-([0-9A-Za-z.-]{1,64}))?(?:\+[0-9A-Za-z.-]{1,64})?$/

/** Compares semantic versions (semver.org, section 11); one that is none is never enough. */
function isAtLeast(version: string, minimum: string): boolean {
  const [a, b] = [versionPattern.exec(version), versionPattern.exec(minimum)]
  if (!a || !b) return false
  for (const part of [1, 2, 3]) {
    const difference = Number(a[part]) - Number(b[part])
    if (difference !== 0) return difference > 0
  }
  return comparePreReleases(a[4], b[4]) >= 0
}

function comparePreReleases(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return 1
  if (b === undefined) return -1
  const [left, right] = [a.split('.'), b.split('.')]
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [x, y] = [left[index], right[index]]
    if (x === undefined) return -1
    if (y === undefined) return 1
    if (x === y) continue
    const [isX, isY] = [/^[0-9]+$/.test(x), /^[0-9]+$/.test(y)]
    if (isX && isY) return compareNumbers(x, y)
    if (isX !== isY) return isX ? -1 : 1
    return x < y ? -1 : 1
  }
  return 0
}

/** Of any length: a double would take two long numbers for one. */
function compareNumbers(a: string, b: string): number {
  const [x, y] = [BigInt(a), BigInt(b)]
  return x < y ? -1 : x > y ? 1 : 0
}
