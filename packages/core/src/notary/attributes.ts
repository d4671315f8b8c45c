// SPDX-License-Identifier: Apache-2.0
// The attributes of a signature and the rules both formats share (signature-specification, signed attributes).
import { OcisignError, printable } from '../errors.js'
import type { ExtendedAttribute, SignedAttributes } from './envelope.js'

/** Names of the attributes, in both formats. Lists of them are made by functions, which bundlers drop when unused. */
export const attributeNames = {
  signingScheme: 'io.cncf.notary.signingScheme',
  signingTime: 'io.cncf.notary.signingTime',
  authenticSigningTime: 'io.cncf.notary.authenticSigningTime',
  expiry: 'io.cncf.notary.expiry',
  /** Unsigned. */
  signingAgent: 'io.cncf.notary.signingAgent',
  /** Unsigned. */
  timestampSignature: 'io.cncf.notary.timestampSignature',
  /** Extended: the plugin that has to take part in the verification. */
  verificationPlugin: 'io.cncf.notary.verificationPlugin',
  /** Extended: its lowest version that will do. */
  verificationPluginMinVersion: 'io.cncf.notary.verificationPluginMinVersion',
} as const

/** The extended attributes that ask for a verification plugin. */
export const verificationPluginAttributes: readonly string[] = /* @__PURE__ */ (() => [
  attributeNames.verificationPlugin,
  attributeNames.verificationPluginMinVersion,
])()

/** The longest list of critical attributes: more than anyone needs, and few enough to search one by one. */
export const maxCritical = 64

/** Which of the specified attributes these have to mark as critical. */
export function requiredCritical({ authenticSigningTime, expiry }: SignedAttributes): string[] {
  const names: string[] = [attributeNames.signingScheme]
  if (authenticSigningTime) names.push(attributeNames.authenticSigningTime)
  if (expiry) names.push(attributeNames.expiry)
  return names
}

// Years 0000 to 9999 are what both formats can write.
const firstTime = -62_167_219_200_000
const lastTime = 253_402_300_799_000
/** Go's zero time, 0001-01-01, which the reference reads as "no time". */
const goZeroTime = -62_135_596_800_000

function timeProblem(name: string, time: Date | undefined): string | undefined {
  if (time === undefined) return
  const milliseconds = time.getTime()
  if (!(milliseconds >= firstTime && milliseconds <= lastTime)) return `has a ${name} outside the years 0 to 9999`
  if (milliseconds % 1000 !== 0) return `has a ${name} that is not a whole second`
  if (milliseconds === goZeroTime) return `has a ${name} that other readers take for none`
  return
}

/**
 * Says what is wrong with signed attributes, as the rest of a sentence; undefined where nothing is.
 *
 * The scheme is a known one and has its own time and not the other's; the expiry is after it. Whether the times fit
 * the certificates or today is the business of the checks.
 */
export function attributesProblem(attributes: SignedAttributes): string | undefined {
  const { signingScheme, signingTime, authenticSigningTime, expiry } = attributes
  if (signingScheme === 'notary.x509') {
    if (authenticSigningTime) return `has an authenticSigningTime, which ${signingScheme} does not know`
    if (!signingTime) return 'has no signingTime'
  } else if (signingScheme === 'notary.x509.signingAuthority') {
    if (signingTime) return `has a signingTime, which ${signingScheme} does not know`
    if (!authenticSigningTime) return 'has no authenticSigningTime'
  } else {
    return 'has an unknown signingScheme'
  }
  const time = (signingTime ?? authenticSigningTime)!
  const problem = timeProblem('signing time', time) ?? timeProblem('expiry', expiry)
  if (problem) return problem
  if (expiry && expiry.getTime() <= time.getTime()) return 'has an expiry that is not after its signing time'
  return
}

/**
 * Says what is wrong with the list of critical attributes, as the rest of a sentence; undefined where nothing is.
 *
 * It names each once: those that have to be critical, and extended ones that are there (RFC 7515 section 4.1.11,
 * RFC 9052 section 3.1, signature-envelope-jws and -cose). `extended` is already marked by this very list.
 */
export function criticalProblem(
  attributes: SignedAttributes,
  critical: readonly (string | number)[],
  mayBeCritical: (key: string | number) => boolean,
): string | undefined {
  if (critical.length === 0) return 'names no critical header'
  const names = new Set(critical)
  if (names.size !== critical.length) return 'names a critical header twice'
  let understood = 0
  for (const name of requiredCritical(attributes)) {
    if (!names.has(name)) return `does not mark ${name} as critical`
    understood++
  }
  for (const { key, critical } of attributes.extended) {
    if (!critical) continue
    if (!mayBeCritical(key)) return `marks ${printable(String(key), 100)} as critical, which may not be marked so`
    understood++
  }
  if (understood !== names.size) return 'marks a header as critical that is not there or may not be marked so'
  return
}

/** What a signature asks of a verification plugin. */
export interface VerificationPluginRequest {
  readonly name: string
  /** Semantic version. */
  readonly minimumVersion?: string
}

// As semver.org has it; the values are at most 255 characters long.
const semanticVersion =
  /^(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:-(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/
const pluginName = /^[a-zA-Z0-9_][a-zA-Z0-9._-]*$/

/**
 * Reads which verification plugin a signature asks for; undefined where it asks for none.
 *
 * Does not look for the plugin. A minimum version alone asks for nothing and stays a critical attribute that nobody
 * understands. A name that could lead out of a directory is refused.
 * @throws INVALID_ENVELOPE for a request that is not critical, not text, blank, or no semantic version
 */
export function parseVerificationPlugin(
  extended: readonly ExtendedAttribute[],
  mediaType: string,
): VerificationPluginRequest | undefined {
  const read = (name: string, pattern: RegExp, form: string): string | undefined => {
    const attribute = extended.find(({ key }) => key === name)
    if (!attribute) return
    const { critical, value } = attribute
    if (critical && typeof value === 'string' && value.length <= 255 && pattern.test(value)) return value
    const why = critical ? `is not ${form}` : 'is not marked critical'
    throw new OcisignError('INVALID_ENVELOPE', `the signature's attribute ${name} ${why}`, { mediaType })
  }
  const name = read(attributeNames.verificationPlugin, pluginName, 'the name of a plugin')
  if (name === undefined) return
  const minimumVersion = read(attributeNames.verificationPluginMinVersion, semanticVersion, 'a semantic version')
  return { name, ...(minimumVersion !== undefined && { minimumVersion }) }
}
