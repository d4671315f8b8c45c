// SPDX-License-Identifier: Apache-2.0
// Where Notary Project signatures live: referrers of the artifact (signature-specification, storage).
import type { Attachment, Listed, Signature } from '../attachment.js'
import { encodeText } from '../bytes.js'
import { type CallOptions, type Descriptor, mediaTypes, parseDescriptor, type Target } from '../descriptor.js'
import { digestBytes } from '../digest.js'
import { OcisignError, printable } from '../errors.js'
import { isJsonObject, type JsonObject, parseJsonObject, requireExactNames } from '../json.js'
import { limits } from '../limits.js'
import { mapAhead } from '../parallel.js'
import { tooManyReferrers } from '../read-back.js'
import { type ArtifactStore, type ReadableStore, readAll } from '../store.js'

/** The artifact type of a signature manifest; as `config.mediaType`, the specification's other form. */
export const signatureArtifactType = 'application/vnd.cncf.notary.signature'

/** The annotation with the SHA-256 thumbprints of the certificate chain: a JSON array of hexadecimal text, leaf first. */
export const thumbprintAnnotation = 'io.cncf.notary.x509chain.thumbprint#S256'

/** Which of the specification's two forms a new signature manifest takes. */
export type SignatureManifestForm = 'artifact' | 'config'

/** What {@link createNotaryAttachment} accepts. */
export interface NotaryAttachmentOptions {
  /** `artifact`: artifactType and the empty config. `config`: config.mediaType. By default the one that the store asks for. */
  readonly manifestForm?: SignatureManifestForm | undefined
}

const emptyConfig = {
  mediaType: mediaTypes.empty,
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
} as const

/** Makes the attachment of Notary Project signatures: it reads both forms of the manifest and writes one. */
export function createNotaryAttachment(options: NotaryAttachmentOptions = {}): Attachment {
  return {
    family: 'notary',
    artifactType: signatureArtifactType,
    list: listSignatures,
    attach: (store, subject, signature, callOptions) =>
      attachSignature(
        store,
        subject,
        signature,
        options.manifestForm ?? store.signatureManifestForm ?? 'artifact',
        callOptions,
      ),
  }
}

async function attachSignature(
  store: ArtifactStore,
  subject: Descriptor,
  signature: Signature,
  form: SignatureManifestForm,
  options?: CallOptions,
): Promise<{ readonly manifest: Descriptor; readonly layer: Descriptor }> {
  const { bytes } = signature
  const layer = { mediaType: signature.mediaType, digest: await digestBytes(bytes), size: bytes.length }
  const config = form === 'config' ? { ...emptyConfig, mediaType: signatureArtifactType } : emptyConfig
  const document = encodeText(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.imageManifest,
      ...(form === 'artifact' && { artifactType: signatureArtifactType }),
      config,
      layers: [layer],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      annotations: signature.annotations ?? {},
    }),
  )
  const manifest: Descriptor = {
    mediaType: mediaTypes.imageManifest,
    digest: await digestBytes(document),
    size: document.length,
    artifactType: signatureArtifactType,
    ...(signature.annotations && { annotations: signature.annotations }),
  }
  await store.push(config, encodeText('{}'), options)
  await store.push(layer, bytes, options)
  options?.signal?.throwIfAborted()
  // The manifest comes last: whoever sees it finds everything it names.
  await store.push(manifest, document, options)
  return { manifest, layer }
}

function listSignatures(store: ReadableStore, subject: Target, options: CallOptions = {}): AsyncIterable<Listed> {
  let listedManifests = 0
  const read = async (manifest: Descriptor, signal: AbortSignal | undefined): Promise<Listed | undefined> => {
    signal?.throwIfAborted()
    if (listedManifests++ >= limits.referrers) throw tooManyReferrers(subject)
    if (!mayBeSignature(manifest)) return undefined
    try {
      const layer = await readSignatureLayer(store, manifest, subject, { signal })
      return layer && handleOf(store, manifest, layer)
    } catch (error) {
      signal?.throwIfAborted()
      return { manifest, error }
    }
  }
  const manifests = store.referrers(subject, { ...options, artifactType: signatureArtifactType })
  return mapAhead(manifests, limits.parallelFetches, read, options)
}

/** A listing need not know the artifact type, and some state the config's empty one: then the manifest decides. */
const mayBeSignature = ({ artifactType }: Descriptor) =>
  !artifactType || artifactType === signatureArtifactType || artifactType === mediaTypes.empty

const handleOf = (store: ReadableStore, manifest: Descriptor, layer: Descriptor): Listed => ({
  manifest,
  layer,
  load: async (options) => ({
    mediaType: layer.mediaType,
    bytes: await readAll(store, layer, { ...options, maxBytes: limits.envelopeBytes }),
    ...(manifest.annotations && { annotations: manifest.annotations }),
  }),
})

// Other readers ignore letter case.
const manifestNames = ['mediaType', 'artifactType', 'config', 'layers', 'blobs', 'manifests', 'subject', 'annotations']

/**
 * The one layer of a signature manifest; undefined for a manifest that is something else.
 * @throws INVALID_MANIFEST | INVALID_JSON | INVALID_TEXT | INVALID_DESCRIPTOR | INVALID_CONTENT | UNAVAILABLE_LIMIT
 */
async function readSignatureLayer(
  store: ReadableStore,
  manifest: Descriptor,
  subject: Target,
  options?: CallOptions,
): Promise<Descriptor | undefined> {
  const invalid = (why: string) =>
    new OcisignError('INVALID_MANIFEST', `signature manifest ${manifest.digest} ${why}`, { digest: manifest.digest })
  const isArtifact = manifest.mediaType === mediaTypes.artifactManifest
  if (!isArtifact && manifest.mediaType !== mediaTypes.imageManifest) return undefined
  const what = `manifest ${manifest.digest}`
  const document = parseJsonObject(await readAll(store, manifest, options), { what })
  requireExactNames(document, manifestNames, what)
  if (!isSignatureManifest(document, isArtifact, invalid)) return undefined
  if (document.mediaType !== undefined && document.mediaType !== manifest.mediaType)
    throw invalid(`says it is ${printable(String(document.mediaType))}`)
  if ('manifests' in document) throw invalid('is an index as well')
  if (parseDescriptor(document.subject, `the subject of ${what}`).digest !== subject.digest)
    throw invalid('is listed for this artifact but belongs to another')
  const layers = isArtifact ? document.blobs : document.layers
  if (!Array.isArray(layers) || layers.length !== 1) throw invalid('does not hold exactly one signature')
  return parseDescriptor(layers[0], `the layer of ${what}`)
}

function isSignatureManifest(
  document: JsonObject,
  isArtifact: boolean,
  invalid: (why: string) => OcisignError,
): boolean {
  const configType = isJsonObject(document.config) ? document.config.mediaType : undefined
  const { artifactType } = document
  if (artifactType === undefined || artifactType === '') return !isArtifact && configType === signatureArtifactType
  if (artifactType !== signatureArtifactType) return false
  if (!isArtifact && configType !== mediaTypes.empty)
    throw invalid(`has an artifact type, and a config that is not ${mediaTypes.empty}`)
  return true
}
