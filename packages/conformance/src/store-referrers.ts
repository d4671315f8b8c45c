// SPDX-License-Identifier: Apache-2.0
import type { ArtifactStore, Descriptor } from '@ocisign/core'
import { needs } from './case.js'
import type { StoreCheck } from './store.js'
import { collect, type Item, indexOf, manifestOf, pushManifest } from './store-content-maker.js'

/** States that the referrers of a subject are these, in any order and each once. */
export async function needsReferrers(
  store: ArtifactStore,
  subject: Descriptor,
  expected: readonly Item[],
  artifactType?: string,
): Promise<readonly Descriptor[]> {
  const listed = await collect(store.referrers(subject, artifactType === undefined ? {} : { artifactType }))
  const digests = listed.map(({ digest }) => digest).sort()
  const wanted = expected.map(({ descriptor }) => descriptor.digest).sort()
  const same = digests.length === wanted.length && digests.every((digest, index) => digest === wanted[index])
  needs(same, `the referrers are [${digests.join(', ')}], not [${wanted.join(', ')}]`)
  return listed
}

const signatureType = 'application/vnd.example.signature'
const sbomType = 'application/vnd.example.sbom'

/** Referrers: which manifests name a subject. */
export const referrerCases: readonly StoreCheck[] = [
  [
    'lists no referrers where there are none',
    async (store) => {
      const image = await pushManifest(store)
      await pushManifest(store, { note: 'has no subject' })
      await needsReferrers(store, image.descriptor, [])
    },
  ],
  [
    'lists the manifests that have a subject, tagged or not, with media type, digest and size',
    async (store) => {
      const subject = (await pushManifest(store)).descriptor
      const first = await pushManifest(store, { subject, artifactType: signatureType, note: 'a' })
      const second = await pushManifest(store, { subject, artifactType: signatureType, note: 'b' })
      await store.tag(second.descriptor, 'signature')
      const listed = await needsReferrers(store, subject, [first, second])
      for (const { mediaType, size, digest } of listed) {
        const { descriptor } = digest === first.descriptor.digest ? first : second
        needs(mediaType === descriptor.mediaType, `a referrer has the type ${mediaType}, not ${descriptor.mediaType}`)
        needs(size === descriptor.size, `a referrer has ${size} bytes, not ${descriptor.size}`)
      }
    },
  ],
  [
    'lists the artifact type, which is that of the config where there is none',
    async (store) => {
      const subject = (await pushManifest(store)).descriptor
      const signature = await pushManifest(store, { subject, artifactType: signatureType })
      const sbom = await pushManifest(store, { subject, configType: sbomType })
      for (const { digest, artifactType } of await needsReferrers(store, subject, [signature, sbom])) {
        const expected = digest === sbom.descriptor.digest ? sbomType : signatureType
        needs(artifactType === expected, `a referrer has the artifact type ${artifactType}, not ${expected}`)
      }
    },
  ],
  [
    'lists one artifact type where it is asked for',
    async (store) => {
      const subject = (await pushManifest(store)).descriptor
      const signature = await pushManifest(store, { subject, artifactType: signatureType })
      const sbom = await pushManifest(store, { subject, configType: sbomType })
      await needsReferrers(store, subject, [signature], signatureType)
      await needsReferrers(store, subject, [sbom], sbomType)
      await needsReferrers(store, subject, [], 'application/vnd.example.other')
    },
  ],
  [
    'lists the referrers of one subject and not those of others, nor those of referrers',
    async (store) => {
      const one = (await pushManifest(store, { note: 'one' })).descriptor
      const two = (await pushManifest(store, { note: 'two' })).descriptor
      const ofOne = await pushManifest(store, { subject: one, note: 'of one' })
      const ofTwo = await pushManifest(store, { subject: two, note: 'of two' })
      const ofReferrer = await pushManifest(store, { subject: ofOne.descriptor, note: 'of a referrer' })
      await needsReferrers(store, one, [ofOne])
      await needsReferrers(store, two, [ofTwo])
      await needsReferrers(store, ofOne.descriptor, [ofReferrer])
    },
  ],
  [
    'lists an index that has a subject',
    async (store) => {
      const subject = (await pushManifest(store)).descriptor
      const index = await indexOf({ subject, artifactType: signatureType })
      await store.push(index.descriptor, index.bytes)
      const [listed] = await needsReferrers(store, subject, [index])
      needs(listed?.mediaType === index.descriptor.mediaType, `an index is listed with the type ${listed?.mediaType}`)
    },
  ],
  [
    'lists the referrers of a subject that is not there',
    async (store) => {
      const { descriptor } = await manifestOf({ note: 'never pushed' })
      const referrer = await pushManifest(store, { subject: descriptor })
      await needsReferrers(store, descriptor, [referrer])
    },
  ],
  [
    'lists a referrer once that was pushed twice',
    async (store) => {
      const subject = (await pushManifest(store)).descriptor
      const referrer = await pushManifest(store, { subject })
      await store.tag(referrer.descriptor, 'a')
      await store.tag(referrer.descriptor, 'b')
      await store.push(referrer.descriptor, referrer.bytes)
      await needsReferrers(store, subject, [referrer])
    },
  ],
]
