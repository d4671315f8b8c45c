// SPDX-License-Identifier: Apache-2.0
import {
  algorithmName,
  algorithmOfPublicKey,
  askKeyService,
  type CallOptions,
  createRemoteKey,
  encodeText,
  equalAlgorithms,
  OcisignError,
  type PublicKeyMaterial,
  parsePem,
  type RetryOptions,
  type SigningKey,
} from '@ocisign/core'
import { algorithmOf } from './algorithm.js'
import { crc32c } from './checksum.js'
import { type CloudKmsClientLike, numberOf, type PublicKeyAnswer, type SignAnswer } from './client.js'
import { keyError } from './errors.js'
import { newestVersion, parseKeyName } from './version.js'

/** What {@link createCloudKmsKey} accepts. */
export interface CloudKmsKeyOptions extends CallOptions {
  readonly client: CloudKmsClientLike
  /** `projects/…/locations/…/keyRings/…/cryptoKeys/NAME`, with `/cryptoKeyVersions/N` for one version. */
  readonly keyId: string
  readonly retry?: RetryOptions | undefined
}

/**
 * Opens a key of Google Cloud KMS; checksums are compared both ways, and the version that signs is the one asked.
 *
 * Without a version the newest that is enabled signs: `id` says which, and the key stays with it. KMS keeps no
 * certificates; give the key its own with `withCertificates`.
 *
 * @throws UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY | INVALID_KEY | UNAVAILABLE_LIMIT for more than 10,000 versions
 *
 * @example
 * ```ts
 * import { KeyManagementServiceClient } from '@google-cloud/kms'
 * import { createFakeCloudKms } from '@ocisign/conformance/cloud-kms'
 * import { createCloudKmsKey } from '@ocisign/provider-gcp'
 *
 * const service = await createFakeCloudKms() // in your setup: new KeyManagementServiceClient()
 * const client = new KeyManagementServiceClient(service.clientOptions)
 * const key = await createCloudKmsKey({ client, keyId: service.createKey('release', 'EC_SIGN_P256_SHA256') })
 * const { signature } = await key.sign(new TextEncoder().encode('hello'))
 * console.log(key.id, signature.length)
 * await client.close()
 * await service.close()
 * ```
 */
export async function createCloudKmsKey({
  client,
  keyId,
  retry,
  signal,
}: CloudKmsKeyOptions): Promise<SigningKey<PublicKeyMaterial>> {
  const { parent, isVersion } = parseKeyName(keyId)
  const named = `gcpkms://${keyId}`
  const ask = async (options: CallOptions) => {
    const name = isVersion
      ? keyId
      : await newestVersion(client, parent, options).catch((cause: unknown) => {
          throw keyError(named, 'cloudkms.cryptoKeyVersions.list', cause)
        })
    const id = `gcpkms://${name}`
    const [answer] = await client.getPublicKey({ name })
    return { name, id, algorithm: algorithmOf(answer.algorithm, id), spki: readPublicKey(answer, name, id) }
  }
  const toError = (cause: unknown) => keyError(named, 'cloudkms.cryptoKeyVersions.viewPublicKey', cause)
  const { name, id, algorithm, spki } = await askKeyService(ask, { ...retry, id: named, toError, signal })
  const actual = algorithmOfPublicKey(spki, id)
  if (!equalAlgorithms(actual, algorithm))
    throw unavailable(id, `is said to be ${algorithmName(algorithm)} and is ${algorithmName(actual)}`)
  return createRemoteKey<PublicKeyMaterial>({
    id,
    algorithm,
    material: { kind: 'public-key', spki },
    ecdsa: 'der',
    async signHash(hash) {
      const digestCrc32c = { value: crc32c(hash) }
      const [signed] = await client.asymmetricSign({ name, digest: { [algorithm.hash]: hash }, digestCrc32c })
      return { signature: readSignature(signed, name, id) }
    },
    toError: (cause) => keyError(id, 'cloudkms.cryptoKeyVersions.useToSign', cause),
    retry,
  })
}

/** What was damaged on the way may arrive whole the next time. */
const unavailable = (id: string, why: string, retryable = false) =>
  new OcisignError('UNAVAILABLE_KEY', `${id} ${why}`, { id, retryable })

function readPublicKey(answer: PublicKeyAnswer, name: string, id: string): Uint8Array {
  const { pem, pemCrc32c } = answer
  if (answer.name !== name) throw unavailable(id, 'was asked for, and the public key is that of another version')
  if (!pem) throw unavailable(id, 'has no public key')
  if (numberOf(pemCrc32c) !== crc32c(encodeText(pem))) throw unavailable(id, 'came with a damaged public key', true)
  const [block] = parsePem(pem, `the public key of ${id}`)
  if (!block) throw unavailable(id, 'has a public key that cannot be read')
  return block.bytes
}

function readSignature(answer: SignAnswer, name: string, id: string): Uint8Array {
  const { signature } = answer
  if (answer.name !== name) throw unavailable(id, 'was asked for, and another version signed')
  if (!answer.verifiedDigestCrc32c) throw unavailable(id, 'was asked with a damaged digest', true)
  if (!(signature instanceof Uint8Array)) throw unavailable(id, 'was answered for without a signature')
  if (numberOf(answer.signatureCrc32c) !== crc32c(signature))
    throw unavailable(id, 'was answered for with a damaged signature', true)
  return signature
}
