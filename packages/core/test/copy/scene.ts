// SPDX-License-Identifier: Apache-2.0
// An index of two images with all that may belong to one: signatures, an SBOM with its own, and what cosign leaves.
import {
  type ArtifactStore,
  attachArtifact,
  createMemoryStore,
  createNotaryAttachment,
  type Descriptor,
  encodeText,
  mediaTypes,
  signArtifact,
} from '@ocisign/core'
import { json, put, repository, signerOf, verifierOf } from '../families.js'

const { imageIndex, imageManifest } = mediaTypes
/** Of manifests that registries take. */
export const attachment = createNotaryAttachment()
/** Trusts signatures of these. */
export const trusting = (...who: readonly string[]) => verifierOf(who, { attachment })
export const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'
export const configType = 'application/vnd.oci.image.config.v1+json'

/** As they are named in an index or manifest: stores say more of what they hold. */
export const stated = ({ mediaType, digest, size }: Descriptor) => ({ mediaType, digest, size })
export const digests = (all: readonly Descriptor[]) => all.map(({ digest }) => digest).sort()

export async function putImage(store: ArtifactStore, architecture: string, change: object = {}, variant?: string) {
  const config = await put(store, configType, json({ architecture }))
  const own = await put(store, layerType, encodeText(`layer of ${architecture}`))
  const shared = await put(store, layerType, encodeText('base layer'))
  const layers = [shared, own].map(stated)
  const document = { schemaVersion: 2, mediaType: imageManifest, config: stated(config), layers, ...change }
  const manifest = await put(store, imageManifest, json(document))
  const platform = { os: 'linux', architecture, ...(variant && { variant }) }
  return { manifest: { ...stated(manifest), platform }, blobs: [config, own, shared] }
}

export const putIndex = async (store: ArtifactStore, manifests: readonly unknown[], more: object = {}) =>
  stated(await put(store, imageIndex, json({ schemaVersion: 2, mediaType: imageIndex, manifests, ...more })))

export const cosignTag = ({ digest }: Descriptor, suffix = 'sig') => `${digest.replace(':', '-')}.${suffix}`

export async function scene() {
  const source = createMemoryStore({ repository })
  const amd = await putImage(source, 'amd64')
  const arm = await putImage(source, 'arm64', {}, 'v8')
  const root = await putIndex(source, [amd.manifest, arm.manifest])
  await source.tag(root, 'v1')
  const sign = async (digest: string, who = 'a') =>
    (await signArtifact(source, digest, signerOf(who, attachment))).manifest
  const ofRoot = await sign(root.digest)
  const ofAmd = await sign(amd.manifest.digest)
  const spdx = { mediaType: 'application/spdx+json', content: encodeText('{"spdxVersion":"SPDX-2.3"}') }
  const sbom = (
    await attachArtifact(
      source,
      amd.manifest.digest,
      { artifactType: spdx.mediaType, blobs: [spdx] },
      { clock: () => new Date('2026-01-02T03:04:05Z') },
    )
  ).manifest
  const ofSbom = await sign(sbom.digest)
  const cosigned = await putImage(source, 'cosign')
  await source.tag(cosigned.manifest, cosignTag(amd.manifest))
  const destination = createMemoryStore({ repository: 'registry.internal/app' })
  return { source, destination, root, amd, arm, sign, ofRoot, ofAmd, sbom, ofSbom, cosigned }
}

/** Notes what is written, in order: the digest of what was pushed, or the tag. */
export function noting(store: ArtifactStore) {
  const written: string[] = []
  const noted: ArtifactStore = {
    ...store,
    push: async (descriptor, content, options) => {
      await store.push(descriptor, content, options)
      written.push(descriptor.digest)
    },
    tag: async (target, tag, options) => {
      await store.tag(target, tag, options)
      written.push(tag)
    },
  }
  return { store: noted, written }
}
