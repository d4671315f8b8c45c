// SPDX-License-Identifier: Apache-2.0
import {
  type CallOptions,
  createMemoryTrustStore,
  createNotaryAttachment,
  createNotaryVerifier,
  type DigestAlgorithm,
  digestBytes,
  type EnvelopeFormat,
  encodeBase64,
  encodePayload,
  isJsonObject,
  isOcisignError,
  limits,
  type NotaryClaims,
  OcisignError,
  parseJsonObject,
  parseTrustPolicy,
  payloadMediaType,
  requireUserMetadata,
  reservedMetadataPrefix,
  type Signature,
  type SignatureManifestForm,
  type Signer,
  type Target,
  thumbprintAnnotation,
  type UnverifiedEnvelope,
  type VerificationExtension,
  verificationPluginAttributes,
} from '@ocisign/core'
import { misuse, unsupportedPlugin } from './errors.js'
import { describeKey, requireKeyId } from './key.js'
import { type OpenPlugin, openPlugin, type PluginOptions } from './plugin.js'
import { parseGeneratedEnvelope } from './protocol.js'

/** What {@link openPluginSigner} accepts. */
export interface PluginSignerOptions extends PluginOptions {
  /** What the plugin calls the key. */
  readonly id: string
  /** `jws` or `cose`: what the plugin is asked to make. */
  readonly format: EnvelopeFormat
  /** How long the signature is to be good for, in whole seconds; the plugin's own choice where left out. */
  readonly expirySeconds?: number | undefined
  /** The form of the signature manifest; by default the one the store asks for. */
  readonly manifestForm?: SignatureManifestForm | undefined
  readonly clock?: (() => Date) | undefined
}

/** An envelope of the largest size in base64, and what stands around it. */
const maxAnswerBytes = 2 * limits.envelopeBytes
/** How far the clocks of a signing service and this machine may be apart. */
const clockSkewMilliseconds = 5 * 60_000
const createdAnnotation = 'org.opencontainers.image.created'

/**
 * Opens a plugin that makes whole envelopes as a {@link Signer} (plugin-extensibility, signature envelope generator).
 *
 * What the plugin made is verified before it is handed out, by the verifier that everybody else will use, with the
 * plugin's own root for an anchor: signature, certificates and their validity now, exactly the target that was asked for,
 * with all of its annotations, no later an expiry. The plugin may add annotations, and critical attributes only where
 * the signature names this very plugin as the one that verifies them. Whether anybody trusts the certificate is not
 * checked, nor is a timestamp.
 *
 * @throws INVALID_PLUGIN | UNSUPPORTED_PLUGIN | UNAVAILABLE_PLUGIN | MISUSE_OPTION, and when signing UNTRUSTED_PLUGIN |
 * UNTRUSTED_SIGNATURE | UNTRUSTED_TARGET | UNTRUSTED_METADATA | UNSUPPORTED_ATTRIBUTE | DENIED_KEY | INVALID_KEY
 *
 * @example
 * ```ts compile
 * import { jws } from '@ocisign/core'
 * import { openPluginSigner, pluginDirectory } from '@ocisign/notation-plugin'
 *
 * const directory = pluginDirectory('/home/me/.config/notation') // or of defaultConfigDirectory() of @ocisign/core/node
 * const signer = await openPluginSigner({ directory, name: 'com.example.signer', id: 'release', format: jws })
 * console.log(signer.digestAlgorithm) // give it to signArtifact
 * ```
 */
export async function openPluginSigner(options: PluginSignerOptions): Promise<Signer> {
  const { id, expirySeconds, signal } = options
  requireKeyId(id)
  if (expirySeconds !== undefined && !(Number.isSafeInteger(expirySeconds) && expirySeconds > 0))
    throw misuse('expirySeconds', 'expirySeconds is a whole number of seconds above 0')
  const plugin = await openPlugin(options)
  const { capabilities } = plugin.metadata
  const signsBlobs = capabilities.includes('SIGNATURE_GENERATOR.ENVELOPE_FOR_BLOB')
  if (!signsBlobs && !capabilities.includes('SIGNATURE_GENERATOR.ENVELOPE'))
    throw unsupportedPlugin(plugin.name, 'does not make envelopes (SIGNATURE_GENERATOR.ENVELOPE)')
  const blobHash = signsBlobs ? (await describeKey(plugin, id, { signal })).algorithm.hash : undefined
  return {
    attachment: createNotaryAttachment({ manifestForm: options.manifestForm }),
    /** Only asked of those who sign blobs; one that signs artifacts takes their digest as it is. */
    get digestAlgorithm(): DigestAlgorithm {
      if (blobHash) return blobHash
      throw unsupportedPlugin(plugin.name, 'signs artifacts and no blobs (SIGNATURE_GENERATOR.ENVELOPE_FOR_BLOB)')
    },
    sign: (target, context) => signTarget(plugin, options, target, context),
  }
}

async function signTarget(
  plugin: OpenPlugin,
  { id, format, expirySeconds, clock = () => new Date() }: PluginSignerOptions,
  target: Target,
  { signal }: CallOptions = {},
): Promise<Signature> {
  requireUserMetadata(target.annotations ?? {})
  const question = {
    command: 'generate-envelope',
    request: {
      keyId: id,
      payload: encodeBase64(encodePayload(target)),
      payloadType: payloadMediaType,
      signatureEnvelopeType: format.mediaType,
      ...(expirySeconds !== undefined && { expiryDurationInSeconds: expirySeconds }),
    },
    maxBytes: maxAnswerBytes,
    parse: parseGeneratedEnvelope,
  } as const
  const answer = await plugin.ask(question, { signal }).catch((error: unknown) => {
    throw signingError(error, id)
  })
  const refuse = (check: string, reason: string) =>
    new OcisignError('UNTRUSTED_PLUGIN', `the plugin "${plugin.name}" ${reason}`, {
      plugin: plugin.name,
      check,
      reason,
    })
  if (answer.signatureEnvelopeType !== format.mediaType)
    throw refuse('signatureEnvelopeType', `answered with an envelope that is not ${format.mediaType}`)
  const bytes = answer.signatureEnvelope
  const envelope = format.parse(bytes)
  requireNothingElse(envelope, (reason) => refuse('payload', reason))
  const claims = await verifyAsAnybody(plugin, format, envelope, { mediaType: format.mediaType, bytes }, target, clock)
  if (Object.keys(claims.target.annotations ?? {}).some((name) => name.startsWith(reservedMetadataPrefix)))
    throw refuse('annotations', 'signed an annotation whose name is reserved for the Notary Project')
  if (expirySeconds !== undefined) {
    const latest = clock().getTime() + expirySeconds * 1000 + clockSkewMilliseconds
    if (!claims.expiry || claims.expiry.getTime() > latest)
      throw refuse('expiry', 'answered with a signature that does not expire when it was told to')
  }
  const thumbprints = await Promise.all(claims.certificateChain.map(async (der) => (await digestBytes(der)).slice(7)))
  return {
    mediaType: format.mediaType,
    bytes,
    annotations: {
      ...answer.annotations,
      // These say what the envelope says, whatever the plugin would have them say.
      [thumbprintAnnotation]: JSON.stringify(thumbprints),
      [createdAnnotation]: claims.signingTime.toISOString().replace('.000Z', 'Z'),
    },
  }
}

/** What a plugin's failure means for its key. */
function signingError(cause: unknown, id: string): unknown {
  if (!isOcisignError(cause, 'UNAVAILABLE_PLUGIN')) return cause
  const { errorCode } = cause.details
  if (errorCode === 'ACCESS_DENIED') return new OcisignError('DENIED_KEY', cause.message, { id }, { cause })
  if (errorCode === 'VALIDATION_ERROR') return new OcisignError('INVALID_KEY', cause.message, { id }, { cause })
  return cause
}

/** A payload says what was asked for and nothing besides: verifiers ignore what they do not know, and others may not. */
function requireNothingElse({ payload }: UnverifiedEnvelope, refuse: (reason: string) => OcisignError) {
  const document = parseJsonObject(payload, { what: 'the signed payload', integersOnly: true })
  const target = document.targetArtifact
  const known = ['mediaType', 'digest', 'size', 'annotations']
  if (
    Object.keys(document).length !== 1 ||
    !isJsonObject(target) ||
    Object.keys(target).some((n) => !known.includes(n))
  )
    throw refuse('signed more than it was asked to')
}

/** Verifies as everybody will, but for the question whom to trust. */
async function verifyAsAnybody(
  plugin: OpenPlugin,
  format: EnvelopeFormat,
  { chain }: UnverifiedEnvelope,
  signature: Signature,
  target: Target,
  clock: () => Date,
): Promise<NotaryClaims> {
  const own = { plugin: chain.slice(-1) }
  const trustStore = await createMemoryTrustStore({ ca: own, signingAuthority: own })
  const policy = parseTrustPolicy(
    {
      version: '1.0',
      trustPolicies: [
        {
          name: 'plugin',
          registryScopes: ['*'],
          signatureVerification: { level: 'strict', override: { revocation: 'skip' } },
          trustStores: ['ca:plugin', 'signingAuthority:plugin'],
          trustedIdentities: ['*'],
        },
      ],
    },
    'oci',
  )
  const verifier = createNotaryVerifier({
    policy,
    trustStore,
    formats: [format],
    clock,
    extensions: [ownAttributes(plugin)],
  })
  const { claims } = await verifier.verify(target, signature, { scope: 'plugin.invalid/signature' })
  return claims
}

/** Understands the critical attributes of signatures that name the plugin which made them. */
function ownAttributes({ name, metadata: { version } }: OpenPlugin): VerificationExtension<'trustedIdentity'> {
  return {
    name,
    version,
    replaces: ['trustedIdentity'],
    verify: async ({ envelope }) => ({
      results: { trustedIdentity: { status: 'passed' } },
      processedAttributes: envelope.attributes.extended
        .map(({ key }) => key)
        .filter((key) => !verificationPluginAttributes.includes(String(key))),
    }),
  }
}
