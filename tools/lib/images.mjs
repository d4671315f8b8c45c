// SPDX-License-Identifier: Apache-2.0
// Images in a fake registry: signed as they should be, and in every way not.
import {
  cose,
  createNotaryAttachment,
  createNotarySigner,
  digestBytes,
  encodeText,
  jws,
  mediaTypes,
  signArtifact,
  withCertificates,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'

/**
 * What may be said of an image: `verified`, `refused` (it has signatures, none counts) or `unsigned`; to say that it could
 * not be found out is right at any time.
 * @typedef {'verified' | 'refused' | 'unsigned'} Answer
 */

/** How an image comes to be what it is; each gets the repository, the image and the signers. */
const makers = {
  'signed, JWS': { answer: 'verified', make: ({ sign, trusted }) => sign(trusted.jws) },
  'signed, COSE': { answer: 'verified', make: ({ sign, trusted }) => sign(trusted.cose) },
  'signed by a stranger, then as it should be': {
    answer: 'verified',
    async make({ sign, trusted, stranger }) {
      await sign(stranger.jws)
      await sign(trusted.jws)
    },
  },
  'signed, with other things attached': {
    answer: 'verified',
    async make({ sign, trusted, attach }) {
      await attach('application/spdx+json', encodeText('{"spdxVersion":"SPDX-2.3"}'))
      await sign(trusted.cose)
    },
  },
  unsigned: { answer: 'unsigned', make: async () => undefined },
  'unsigned, with other things attached': {
    answer: 'unsigned',
    make: ({ attach }) => attach('application/spdx+json', encodeText('{"spdxVersion":"SPDX-2.3"}')),
  },
  'signed by a stranger': { answer: 'refused', make: ({ sign, stranger }) => sign(stranger.cose) },
  'a changed envelope': {
    answer: 'refused',
    async make({ envelope, image, trusted, attachEnvelope }) {
      const bytes = await envelope(trusted.cose, image)
      bytes[bytes.length - 1] ^= 1
      await attachEnvelope(cose.mediaType, bytes)
    },
  },
  'the signature of another image': {
    answer: 'refused',
    async make({ envelope, image, trusted, attachEnvelope }) {
      const other = { ...image, digest: await digestBytes(encodeText('another image')) }
      await attachEnvelope(jws.mediaType, await envelope(trusted.jws, other))
    },
  },
  'no signature, but said to be one': {
    answer: 'refused',
    make: ({ attachEnvelope }) => attachEnvelope(jws.mediaType, encodeText('{"payload":"e30"}')),
  },
}

/**
 * Fills a repository with `each` images of every kind.
 * @returns {Promise<{ kind: string, answer: Answer, tag: string, digest: string }[]>}
 */
export async function makeImages(registry, name, { trusted, stranger, each }) {
  const store = registry.repository(name)
  const images = []
  for (const [kind, { answer, make }] of Object.entries(makers)) {
    for (let number = 0; number < each; number++) {
      const tag = `${kind.replace(/\W+/g, '-')}-${number}`
      const image = registry.seedImage(name, tag, tag)
      await make({ trusted, stranger, image, ...waysToAttach(store, image) })
      images.push({ kind, answer, tag, digest: image.digest })
    }
  }
  return images
}

function waysToAttach(store, image) {
  const push = async (mediaType, bytes) => {
    const descriptor = { mediaType, digest: await digestBytes(bytes), size: bytes.length }
    await store.push(descriptor, bytes)
    return descriptor
  }
  const attach = async (artifactType, content) => {
    const config = await push(mediaTypes.empty, encodeText('{}'))
    const layers = [await push(artifactType, content)]
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, artifactType, config, layers }
    const { mediaType, digest, size } = image
    await push(
      mediaTypes.imageManifest,
      encodeText(JSON.stringify({ ...manifest, subject: { mediaType, digest, size } })),
    )
  }
  return {
    attach,
    sign: (signer) => signArtifact(store, image.digest, signer),
    envelope: async (signer, target) => new Uint8Array((await signer.sign(target)).bytes),
    attachEnvelope: (mediaType, bytes) => createNotaryAttachment().attach(store, image, { mediaType, bytes }),
  }
}

/** A signer for each format, and the certificate to trust, as DER. */
export async function makeSigners(subject) {
  const { key, chain } = await createTestChain({ length: 3, subject })
  const signing = withCertificates(key, chain)
  const signers = { jws, cose }
  for (const name of Object.keys(signers)) signers[name] = createNotarySigner({ key: signing, format: signers[name] })
  return { ...signers, root: chain.at(-1) }
}
