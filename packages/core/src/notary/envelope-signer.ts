// SPDX-License-Identifier: Apache-2.0
// Signers that make whole envelopes: AWS Signer, and Notation plugins that generate them.
import type { Signature } from '../attachment.js'
import type { CallOptions, Target } from '../descriptor.js'
import type { DigestAlgorithm } from '../digest.js'
import { OcisignError, printable } from '../errors.js'
import { isJsonObject, parseJsonObject } from '../json.js'
import type { Signer } from '../signer.js'
import { createNotaryAttachment, type SignatureManifestForm } from './attachment.js'
import { type ValidatedChain, validateChain } from './chain.js'
import { badSignature, verifyEnvelopeSignature } from './check/integrity.js'
import { checkTarget } from './check/target.js'
import { validityProblem } from './check/timestamp.js'
import { type EnvelopeDecoder, payloadMediaType, type UnverifiedEnvelope } from './envelope.js'
import { manifestAnnotations } from './manifest-annotations.js'
import { encodePayload, parsePayload, requireUserMetadata } from './payload.js'

/** A whole envelope, as somebody else made it. */
export interface GeneratedEnvelope {
  readonly bytes: Uint8Array
  /** For the signature's manifest; those that the specification reserves are set by us. */
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

/** What {@link createEnvelopeSigner} accepts. */
export interface EnvelopeSignerOptions {
  /** Names it in messages. */
  readonly id: string
  /** The format that is asked for, and no other. */
  readonly format: EnvelopeDecoder
  /** How a blob has to be hashed for it. */
  readonly digestAlgorithm: DigestAlgorithm
  /** Signs a payload of the media type {@link payloadMediaType}. */
  generate(payload: Uint8Array, options: CallOptions): Promise<GeneratedEnvelope>
  readonly manifestForm?: SignatureManifestForm | undefined
  readonly clock?: (() => Date) | undefined
}

/**
 * Makes a {@link Signer} of somebody who makes whole envelopes, none of which is believed: each is read as a verifier
 * would, its chain and its signature are proven, and what it signed has to be what was asked for, with all of the user
 * metadata and nothing that the specification does not know.
 *
 * Whether anybody trusts the certificate is not checked. Critical attributes are allowed: whoever verifies needs the
 * extension that the envelope names.
 *
 * @throws when signing INVALID_ENVELOPE | INVALID_PAYLOAD | INVALID_CERTIFICATE_CHAIN | UNTRUSTED_INTEGRITY |
 * UNTRUSTED_TARGET | UNTRUSTED_METADATA | UNTRUSTED_VALIDITY, and whatever `generate` throws
 */
export function createEnvelopeSigner(options: EnvelopeSignerOptions): Signer {
  const { id, format, generate, clock = () => new Date() } = options
  return {
    attachment: createNotaryAttachment({ manifestForm: options.manifestForm }),
    digestAlgorithm: options.digestAlgorithm,
    async sign(target, context = {}) {
      requireUserMetadata(target.annotations ?? {})
      context.signal?.throwIfAborted()
      const generated = await generate(encodePayload(target), { signal: context.signal })
      context.signal?.throwIfAborted()
      if (!(generated?.bytes instanceof Uint8Array))
        throw new OcisignError('INVALID_ENVELOPE', `${id} did not answer with an envelope`, {
          mediaType: format.mediaType,
        })
      return proveGenerated(generated, target, format, clock())
    },
  }
}

async function proveGenerated(
  { bytes, annotations }: GeneratedEnvelope,
  target: Target,
  format: EnvelopeDecoder,
  now: Date,
): Promise<Signature> {
  const envelope = format.parse(bytes)
  const chain = await validateChain(envelope.chain)
  if (!(await verifyEnvelopeSignature(envelope, chain))) throw badSignature(chain)
  requireSamePayload(envelope, target)
  const time = requireTimes(envelope, chain, now)
  return {
    mediaType: format.mediaType,
    bytes,
    annotations: { ...annotations, ...(await manifestAnnotations(chain.der, time)) },
  }
}

const targetMembers = ['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'platform', 'artifactType']

function requireSamePayload({ payload, payloadType }: UnverifiedEnvelope, target: Target): void {
  const invalid = (reason: string) => new OcisignError('INVALID_PAYLOAD', `the signed payload ${reason}`, { reason })
  if (payloadType !== payloadMediaType) throw invalid(`is said to be ${printable(payloadType)}`)
  checkTarget(parsePayload(payload), target)
  const document = parseJsonObject(payload, { what: 'payload', integersOnly: true })
  const { targetArtifact = {}, ...others } = document
  const added = [
    ...Object.keys(others),
    ...Object.keys(isJsonObject(targetArtifact) ? targetArtifact : {}).filter((name) => !targetMembers.includes(name)),
  ]
  if (added.length > 0)
    throw invalid(`has members that nobody asked for: ${added.map((name) => printable(name, 40)).join(', ')}`)
}

/** Clocks differ by a little. */
const toleratedSkew = 5 * 60_000

/** The time that the envelope states, at which its chain has to be valid, and now, too. */
function requireTimes({ attributes }: UnverifiedEnvelope, chain: ValidatedChain, now: Date): Date {
  const { signingTime, authenticSigningTime, expiry } = attributes
  const time = authenticSigningTime ?? signingTime ?? now
  const problem = validityProblem(chain, time.getTime(), 'when it was signed')
  if (problem) throw problem
  if (time.getTime() > now.getTime() + toleratedSkew)
    throw new OcisignError('INVALID_ENVELOPE', 'the signature says that it was made in the future', { mediaType: '' })
  if (expiry && expiry <= now)
    throw new OcisignError(
      'UNTRUSTED_EXPIRED',
      `the signature expired at ${expiry.toISOString()}, before it was made`,
      {
        expiry: expiry.toISOString(),
      },
    )
  return time
}
