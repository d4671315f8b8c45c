// SPDX-License-Identifier: Apache-2.0
import { algorithmName, requireAlgorithm } from '../algorithm.js'
import type { Signature } from '../attachment.js'
import { equalBytes } from '../bytes.js'
import type { CallOptions, Target } from '../descriptor.js'
import { OcisignError } from '../errors.js'
import type { RawSignature, SigningKey, X509Material } from '../key.js'
import type { Signer } from '../signer.js'
import { createNotaryAttachment, type SignatureManifestForm } from './attachment.js'
import { type ChainCache, createChainCache, type ValidatedChain, validateChain } from './chain.js'
import { badSignature, verifyEnvelopeSignature } from './check/integrity.js'
import { validityProblem } from './check/timestamp.js'
import {
  type EnvelopeContent,
  type EnvelopeFormat,
  type ExtendedAttribute,
  payloadMediaType,
  type SignedAttributes,
  type SigningScheme,
} from './envelope.js'
import { manifestAnnotations } from './manifest-annotations.js'
import { encodePayload, requireUserMetadata } from './payload.js'

/** What {@link createNotarySigner} needs. */
export interface NotarySignerOptions {
  /** A key with its certificate chain; `withCertificates` gives a bare key one. */
  readonly key: SigningKey<X509Material>
  /** `jws` or `cose`. */
  readonly format: EnvelopeFormat
  /** `notary.x509` by default. */
  readonly signingScheme?: SigningScheme
  /** How long the signature is good for, in whole seconds from signing; for ever where left out. */
  readonly expirySeconds?: number | undefined
  /** Further signed attributes; a critical one is refused by every verifier that does not know it. */
  readonly extendedAttributes?: readonly ExtendedAttribute[]
  /** `none` is said aloud; left out, a key that requires a timestamp is MISUSE_TIMESTAMP_REQUIRED. */
  readonly timestamper?: 'none'
  /** The form of the signature manifest; by default the one the store asks for. */
  readonly manifestForm?: SignatureManifestForm | undefined
  /** Written into the unsigned part of the envelope, for people; `ocisign` by default. */
  readonly signingAgent?: string
  readonly clock?: () => Date
}

/**
 * Makes a signer of Notary Project signatures (signature-specification, signing-and-verification-workflow).
 *
 * Every signature is verified with its own certificate before it is handed out, so a key that does not belong to the
 * certificate, an unfit or expired certificate, and a faulty key service all fail here and leave nothing behind.
 * Whether anybody trusts the certificate is not checked.
 *
 * @throws MISUSE_TIMESTAMP_REQUIRED | MISUSE_OPTION | UNSUPPORTED_KEY, and when signing INVALID_CERTIFICATE_CHAIN |
 * UNTRUSTED_VALIDITY | UNTRUSTED_INTEGRITY and whatever the key throws
 */
export function createNotarySigner(options: NotarySignerOptions): Signer {
  const { key, format, clock = () => new Date() } = options
  requireAlgorithm(key.algorithm, format.algorithms)
  requireExpiry(options.expirySeconds)
  if (key.requiresTimestamp && options.timestamper !== 'none')
    throw new OcisignError(
      'MISUSE_TIMESTAMP_REQUIRED',
      `signatures of ${key.id} are soon worthless without a timestamp; say timestamper: 'none' if that is meant`,
      { key: key.id },
    )
  // One key, hence one chain or, where certificates are short-lived, one at a time.
  const chains = createChainCache(4)
  return {
    attachment: createNotaryAttachment({ manifestForm: options.manifestForm }),
    digestAlgorithm: key.algorithm.hash,
    sign: (target, context) => signTarget(target, options, chains, clock(), context),
  }
}

async function signTarget(
  target: Target,
  options: NotarySignerOptions,
  chains: ChainCache,
  now: Date,
  context?: CallOptions,
): Promise<Signature> {
  const { key, format, signingAgent = 'ocisign' } = options
  requireUserMetadata(target.annotations ?? {})
  const signingTime = new Date(Math.floor(now.getTime() / 1000) * 1000)
  const content = contentOf(target, options, signingTime)
  const prepared = format.prepare(content, key.algorithm)
  const signature = await key.sign(prepared.toBeSigned, context)
  requireRawSignature(signature, key)
  const bytes = prepared.seal(signature, { signingAgent })
  const chain = await verifyOwnSignature(bytes, content, options, chains)
  const problem = validityProblem(chain, signingTime.getTime(), 'now')
  if (problem) throw problem
  return {
    mediaType: format.mediaType,
    bytes,
    annotations: await manifestAnnotations(chain.der, signingTime),
  }
}

function contentOf(target: Target, options: NotarySignerOptions, signingTime: Date): EnvelopeContent {
  const { signingScheme = 'notary.x509', expirySeconds, extendedAttributes = [] } = options
  const attributes: SignedAttributes = {
    signingScheme,
    ...(signingScheme === 'notary.x509' ? { signingTime } : { authenticSigningTime: signingTime }),
    ...(expirySeconds !== undefined && { expiry: new Date(signingTime.getTime() + expirySeconds * 1000) }),
    extended: extendedAttributes,
  }
  return { payload: encodePayload(target), payloadType: payloadMediaType, attributes }
}

/** Holds what a key answered to its form; a key is somebody else's code. @throws UNTRUSTED_INTEGRITY */
function requireRawSignature(raw: unknown, key: SigningKey<X509Material>): asserts raw is RawSignature<X509Material> {
  const { signature, material } = (raw ?? {}) as Partial<RawSignature<X509Material>>
  const chain: unknown = material?.chain
  const isBytes = (value: unknown) => value instanceof Uint8Array
  if (isBytes(signature) && material?.kind === 'x509' && Array.isArray(chain) && chain.every(isBytes)) return
  throw new OcisignError('UNTRUSTED_INTEGRITY', `${key.id} did not answer with a signature and its certificate chain`, {
    algorithm: algorithmName(key.algorithm),
  })
}

/** Reads the envelope back as a verifier would; what it says has to be what was asked for. */
async function verifyOwnSignature(
  bytes: Uint8Array,
  content: EnvelopeContent,
  { key, format }: NotarySignerOptions,
  chains: ChainCache,
): Promise<ValidatedChain> {
  const envelope = format.parse(bytes)
  const chain = chains.find(envelope.chain) ?? (await validateChain(envelope.chain))
  if (!equalBytes(envelope.payload, content.payload)) throw badSignature(chain)
  if (!(await verifyEnvelopeSignature(envelope, chain)))
    throw new OcisignError(
      'UNTRUSTED_INTEGRITY',
      `${key.id} is not the key of the certificate it was given; use the certificate chain of this key, leaf first`,
      { algorithm: format.mediaType },
    )
  chains.remember(chain)
  return chain
}

function requireExpiry(seconds: number | undefined): void {
  if (seconds === undefined || (Number.isSafeInteger(seconds) && seconds > 0)) return
  throw new OcisignError('MISUSE_OPTION', 'expirySeconds is a whole number of seconds above 0', {
    option: 'expirySeconds',
  })
}
