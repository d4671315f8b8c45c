// SPDX-License-Identifier: Apache-2.0
// verify-signature, answered with a verification extension.
import {
  type CallOptions,
  decodeBase64,
  type ExtensionAnswer,
  type ExtensionRequest,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  limits,
  type Outcome,
  printable,
  type ReplaceableCheck,
  type SignedAttributes,
  type SigningScheme,
  type UnverifiedEnvelope,
} from '@ocisign/core'
import { capabilityOf, type VerificationResult, type VerifierCapability } from '../protocol.js'
import { refusal } from './request.js'

/** What Notation tells a plugin: of the envelope neither its payload nor its bytes, and not what was signed. */
export interface HostExtensionRequest extends Omit<ExtensionRequest, 'envelope' | 'target'> {
  /** Its signature is good and its chain has reached an anchor; of other attributes only the critical ones are told. */
  readonly envelope: Pick<UnverifiedEnvelope, 'payloadType' | 'attributes' | 'chain'>
}

/** A verification extension that needs no more than Notation tells. */
export interface HostExtension {
  readonly replaces: readonly ReplaceableCheck[]
  readonly verify: (request: HostExtensionRequest, options?: CallOptions) => Promise<ExtensionAnswer<ReplaceableCheck>>
}

/** What a verification plugin answers. */
export interface HostVerdict {
  /** A result for each of the checks that were asked for. */
  readonly verificationResults: { readonly [capability in VerifierCapability]?: VerificationResult }
  /** Those of the request's `unprocessedAttributes` that were dealt with. */
  readonly processedAttributes: readonly string[]
}

/** Verifies signatures for Notation. */
export interface HostVerifier {
  readonly capabilities: readonly VerifierCapability[]
  /** Gets the request of `verify-signature` as it came: its form is not checked. */
  verify(request: JsonObject, options: CallOptions): Promise<HostVerdict>
}

/**
 * Makes a verification extension the `verifier` of a plugin, so that `notation verify` asks it for the checks that it
 * takes over. Only what passed is a success; what could not be found out is none.
 *
 * @example
 * ```ts
 * import { createHostVerifier, createNotationPlugin, type HostExtension } from '@ocisign/notation-plugin/host'
 *
 * const extension: HostExtension = {
 *   replaces: ['revocation'],
 *   verify: async () => ({ results: { revocation: { status: 'passed' } }, processedAttributes: [] }),
 * }
 * const { metadata } = createNotationPlugin({
 *   name: 'com.example.verifier',
 *   version: '1.0.0',
 *   description: 'Nothing is ever revoked',
 *   url: 'https://example.com',
 *   verifier: createHostVerifier(extension),
 * })
 * console.log(metadata.capabilities)
 * ```
 */
export function createHostVerifier(extension: HostExtension): HostVerifier {
  return {
    capabilities: extension.replaces.map((check) => capabilityOf[check]),
    async verify(document, options) {
      const unprocessed = textsOf(objectOf(document, 'signature'), 'unprocessedAttributes')
      const request = readRequest(document, extension)
      const { results, processedAttributes } = await extension.verify(request, options)
      return {
        verificationResults: Object.fromEntries(
          request.checks.map((check) => [capabilityOf[check], resultOf(results[check])]),
        ),
        processedAttributes: unprocessed.filter((name) => processedAttributes.includes(name)),
      }
    },
  }
}

function resultOf(outcome: Outcome | undefined): VerificationResult {
  if (!outcome) throw refusal('the verifier did not answer for all that it was asked', 'ERROR')
  const reason = 'error' in outcome ? `${outcome.error.code}: ${printable(outcome.error.message, 500)}` : outcome.status
  return { success: outcome.status === 'passed', reason }
}

function readRequest(document: JsonObject, { replaces }: HostExtension): HostExtensionRequest {
  const [signature, policy] = [objectOf(document, 'signature'), objectOf(document, 'trustPolicy')]
  const critical = objectOf(signature, 'criticalAttributes')
  const chain = textsOf(signature, 'certificateChain')
  if (chain.length === 0 || chain.length > limits.chainCertificates) throw refusal('the request has no usable chain')
  return {
    envelope: {
      payloadType: typeof critical.contentType === 'string' ? critical.contentType : '',
      attributes: readAttributes(critical),
      chain: chain.map((text) => decodeBase64(text, 'a certificate of the request')),
    },
    trustedIdentities: textsOf(policy, 'trustedIdentities'),
    checks: textsOf(policy, 'signatureVerification').map((capability) => {
      const check = replaces.find((each) => capabilityOf[each] === capability)
      if (!check) throw refusal(`this plugin does not do ${printable(capability, 100)}`)
      return check
    }),
  }
}

const schemes: readonly SigningScheme[] = ['notary.x509', 'notary.x509.signingAuthority']

function readAttributes(critical: JsonObject): SignedAttributes {
  const signingScheme = schemes.find((scheme) => scheme === critical.signingScheme)
  if (!signingScheme) throw refusal('the request names no signing scheme that is known here')
  const extended = critical.extendedAttributes ?? {}
  if (!isJsonObject(extended)) throw refusal('the request has no usable extendedAttributes')
  return {
    signingScheme,
    authenticSigningTime: readTime(critical.authenticSigningTime, 'authenticSigningTime'),
    expiry: readTime(critical.expiry, 'expiry'),
    extended: Object.entries(extended).map(([key, value]) => ({ key, value, critical: true })),
  }
}

const dateTime = /^(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** Go writes the first moment of the year 1 for none. */
function readTime(value: JsonValue | undefined, name: string): Date | undefined {
  if (value === undefined || value === null) return undefined
  const [text, year] = (typeof value === 'string' && dateTime.exec(value)) || []
  const time = new Date(text ?? Number.NaN)
  if (Number.isNaN(time.getTime())) throw refusal(`the request has no usable ${name}`)
  return year === '0001' ? undefined : time
}

function objectOf(document: JsonObject, name: string): JsonObject {
  const value = document[name]
  if (!isJsonObject(value)) throw refusal(`the request has no ${name}`)
  return value
}

/** Go writes null for an empty list. */
function textsOf(document: JsonObject, name: string): readonly string[] {
  const value = document[name] ?? []
  const isText = (each: JsonValue): each is string => typeof each === 'string'
  if (!Array.isArray(value) || !value.every(isText)) throw refusal(`the request has no usable ${name}`)
  return value
}
