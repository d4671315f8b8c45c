// SPDX-License-Identifier: Apache-2.0
// Signs, on Node, what the other runtimes are to verify: both formats with each of the six algorithms.
import {
  algorithmName,
  cose,
  createNotarySigner,
  digestBytes,
  encodeBase64,
  encodeText,
  jws,
  notaryAlgorithms,
  signBlob,
  withCertificates,
} from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'

/** Everything as Base64, for JSON. */
export async function makeFixtures() {
  const fixtures = []
  for (const algorithm of notaryAlgorithms) {
    const { key, chain } = await createTestChain({ algorithm, length: 3, subject: 'C=US,ST=WA,O=Runtimes,CN=build' })
    for (const format of [jws, cose]) {
      const signer = createNotarySigner({ key: withCertificates(key, chain), format })
      const manifest = encodeText(`{"schemaVersion":2,"comment":"${algorithmName(algorithm)}"}`)
      const target = {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: await digestBytes(manifest),
        size: manifest.length,
      }
      const { bytes } = await signer.sign(target)
      const { signature } = await signBlob(manifest, signer)
      fixtures.push({
        name: `${format.mediaType} ${algorithmName(algorithm)}`,
        mediaType: format.mediaType,
        target,
        envelope: encodeBase64(bytes),
        root: encodeBase64(chain.at(-1)),
        blob: encodeBase64(manifest),
        blobEnvelope: encodeBase64(signature.bytes),
      })
    }
  }
  return fixtures
}
