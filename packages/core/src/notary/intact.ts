// SPDX-License-Identifier: Apache-2.0
// Whether a signature is whole: its envelope is well-formed, and was signed by its own certificate chain.
import type { Signature } from '../attachment.js'
import type { Awaitable } from '../crypto/platform.js'
import { isOcisignError, OcisignError, printable } from '../errors.js'
import type { ProvenCertificate } from '../x509/path.js'
import { type Anchors, asAnswer, type LoadAnchors } from './anchors.js'
import { type ChainCache, type ValidatedChain, validateChain } from './chain.js'
import { badSignature, verifyEnvelopeSignature } from './check/integrity.js'
import type { EnvelopeDecoder, KnownChain, UnverifiedEnvelope } from './envelope.js'
import { parsePayload, type SignedTarget } from './payload.js'
import type { VerifyingPolicy } from './policy/document.js'

/** What reading and proving a signature needs. */
export interface Readers {
  readonly decoders: ReadonlyMap<string, EnvelopeDecoder>
  readonly chains: ChainCache
  readonly loadAnchors: LoadAnchors
}

/** What is known of a signature whose integrity is proven. */
export interface Intact {
  readonly envelope: UnverifiedEnvelope
  readonly chain: ValidatedChain
  readonly anchors: Anchors | OcisignError
  readonly signed: SignedTarget | OcisignError
}

/** Proves that the envelope's certificate made its signature; the error is an answer, not thrown. */
export function verifyIntegrity(
  readers: Readers,
  policy: VerifyingPolicy,
  signature: Signature,
): Awaitable<Intact | OcisignError> {
  try {
    const envelope = parseEnvelope(readers.decoders, signature, readers.chains.latest())
    // Before anything is waited for: until then nobody can change the bytes.
    const signed = readPayload(envelope)
    const anchors = readers.loadAnchors(policy, envelope.attributes.signingScheme)
    const chain = readers.chains.find(envelope.chain)
    if (chain && !(anchors instanceof Promise)) return proveSignature({ envelope, chain, anchors, signed })
    return validateFirst(readers.chains, envelope, anchors, signed).catch(asAnswer)
  } catch (error) {
    return asAnswer(error)
  }
}

async function validateFirst(
  chains: ChainCache,
  envelope: UnverifiedEnvelope,
  loading: ReturnType<LoadAnchors>,
  signed: Intact['signed'],
): Promise<Intact | OcisignError> {
  const anchors = loading instanceof Promise ? await loading : loading
  const chain = await validateChain(envelope.chain, findProven(envelope.chain, chains, anchors))
  return proveSignature({ envelope, chain, anchors, signed })
}

function findProven(
  der: readonly Uint8Array[],
  chains: ChainCache,
  anchors: Intact['anchors'],
): readonly ProvenCertificate[] {
  const issuers = chains.findIssuers(der)
  const last = der[der.length - 1]
  if (issuers.length > 0 || isOcisignError(anchors) || !last) return issuers
  const root = anchors.findRoot(last)
  return root ? [root] : []
}

function proveSignature(intact: Intact): Awaitable<Intact | OcisignError> {
  const { envelope, chain } = intact
  const judge = (valid: boolean) => (valid ? intact : badSignature(chain))
  const valid = verifyEnvelopeSignature(envelope, chain)
  return valid instanceof Promise ? valid.then(judge) : judge(valid)
}

/** What was signed; a payload that is none is an answer for after the checks. */
function readPayload(envelope: UnverifiedEnvelope): Intact['signed'] {
  try {
    return parsePayload(envelope.payload)
  } catch (error) {
    return asAnswer(error)
  }
}

/** Reads an envelope in the format that its media type names. @throws INVALID_ENVELOPE | UNSUPPORTED_MEDIA_TYPE */
export function parseEnvelope(
  decoders: Readers['decoders'],
  { mediaType, bytes }: Signature,
  known?: KnownChain,
): UnverifiedEnvelope {
  const decoder = decoders.get(mediaType)
  if (decoder) return decoder.parse(bytes, known)
  const supported = [...decoders.keys()]
  const shown = printable(mediaType, 100)
  throw new OcisignError(
    'UNSUPPORTED_MEDIA_TYPE',
    `a signature of media type "${shown}" cannot be read; these can: ${supported.join(', ')}`,
    { mediaType: shown, supported },
  )
}
