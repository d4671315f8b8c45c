// SPDX-License-Identifier: Apache-2.0
import {
  algorithmOfPublicKey,
  askKeyService,
  type CallOptions,
  createRemoteKey,
  OcisignError,
  type PublicKeyMaterial,
  printable,
  type RetryOptions,
  type SigningKey,
  unsupportedKey,
} from '@ocisign/core'
import { type KmsSigningAlgorithm, signingAlgorithm } from './algorithm.js'
import { keyError } from './errors.js'

/** What every call may be told. */
interface KmsCallOptions {
  readonly abortSignal?: AbortSignal
}

/** What is used of `KMS` of `@aws-sdk/client-kms`; the caller makes and configures it. */
export interface KmsClientLike {
  getPublicKey(
    input: { KeyId: string },
    options?: KmsCallOptions,
  ): Promise<{
    readonly KeyId?: string | undefined
    readonly PublicKey?: Uint8Array | undefined
    readonly KeyUsage?: string | undefined
  }>
  sign(
    input: { KeyId: string; Message: Uint8Array; MessageType: 'DIGEST'; SigningAlgorithm: KmsSigningAlgorithm },
    options?: KmsCallOptions,
  ): Promise<{ readonly KeyId?: string | undefined; readonly Signature?: Uint8Array | undefined }>
}

/** What {@link createKmsKey} accepts. */
export interface KmsKeyOptions extends CallOptions {
  readonly client: KmsClientLike
  /** A key's id or ARN, or the name or ARN of an alias. */
  readonly keyId: string
  /** Beside whatever the client does by itself: give it `maxAttempts: 1`. */
  readonly retry?: RetryOptions | undefined
}

/**
 * Opens a key of AWS KMS: its public key is fetched once, and each signature is one `Sign` of a digest.
 *
 * An alias is resolved when the key is opened: `id` is the ARN of the key behind it, and that key signs, even where the
 * alias moves on. KMS keeps no certificates; give the key its own with `withCertificates`, and signing checks that they
 * belong to it.
 *
 * @throws UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY
 *
 * @example
 * ```ts
 * import { KMS } from '@aws-sdk/client-kms'
 * import { createFakeKms } from '@ocisign/conformance/aws-kms'
 * import { createKmsKey } from '@ocisign/provider-aws'
 *
 * const service = await createFakeKms() // in your setup: AWS, and new KMS({ maxAttempts: 1 })
 * const client = new KMS(service.clientOptions)
 * const key = await createKmsKey({ client, keyId: service.createKey('ECC_NIST_P256') })
 * const { signature } = await key.sign(new TextEncoder().encode('hello'))
 * console.log(key.id, signature.length)
 * await service.close()
 * ```
 */
export async function createKmsKey({
  client,
  keyId,
  retry,
  signal,
}: KmsKeyOptions): Promise<SigningKey<PublicKeyMaterial>> {
  const named = `awskms:///${printable(keyId)}`
  const toError = (cause: unknown) => keyError(named, 'kms:GetPublicKey', cause)
  const ask = (options: CallOptions) => client.getPublicKey({ KeyId: keyId }, callOptions(options.signal))
  const described = await askKeyService(ask, { ...retry, id: named, toError, signal })
  if (described.KeyUsage !== undefined && described.KeyUsage !== 'SIGN_VERIFY')
    throw unsupportedKey(named, `a key for ${printable(described.KeyUsage, 40)}`)
  const { PublicKey: spki, KeyId: arn = keyId } = described
  const id = `awskms:///${printable(arn)}`
  if (!spki) throw new OcisignError('UNAVAILABLE_KEY', `${id} has no public key`, { id, retryable: false })
  const algorithm = algorithmOfPublicKey(spki, id)
  const SigningAlgorithm = signingAlgorithm(algorithm)
  return createRemoteKey<PublicKeyMaterial>({
    id,
    algorithm,
    material: { kind: 'public-key', spki: new Uint8Array(spki) },
    ecdsa: 'der',
    async signHash(hash, options) {
      // The longest message is 4,096 bytes; a hash is always short enough.
      const input = { KeyId: arn, Message: hash, MessageType: 'DIGEST', SigningAlgorithm } as const
      const { Signature: signature, KeyId: signer = arn } = await client.sign(input, callOptions(options.signal))
      if (signer !== arn) throw unavailable(id, 'was asked for, and another key signed')
      if (!signature) throw unavailable(id, 'was answered for without a signature')
      return { signature }
    },
    toError: (cause) => keyError(id, 'kms:Sign', cause),
    retry,
  })
}

const unavailable = (id: string, why: string) =>
  new OcisignError('UNAVAILABLE_KEY', `${id} ${why}`, { id, retryable: false })

const callOptions = (signal: AbortSignal | undefined): KmsCallOptions => (signal ? { abortSignal: signal } : {})
