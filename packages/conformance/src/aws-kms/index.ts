// SPDX-License-Identifier: Apache-2.0
// AWS KMS, as far as signing needs it: its JSON protocol over HTTP.
import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import type { Algorithm, DigestAlgorithm } from '@ocisign/core'
import {
  type FakeService,
  type FakeServiceOptions,
  type ServiceAnswer,
  type ServiceRequest,
  startService,
} from '../fake/service.js'
import { signHash } from '../fake/sign-hash.js'

/** A running fake. */
export interface FakeKms extends FakeService {
  /** What a client is made with to speak to it; the credentials are anybody's. */
  readonly clientOptions: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
    readonly maxAttempts: 1
  }
  /** Makes a key of a `KeySpec` and resolves to its ARN. */
  createKey(keySpec: string, usage?: 'SIGN_VERIFY' | 'ENCRYPT_DECRYPT'): string
  /** Points an alias, `alias/NAME`, at a key. */
  createAlias(alias: string, arn: string): void
  /** Disables a key, until `recover`. */
  disable(arn: string): void
}

interface Key {
  readonly arn: string
  readonly spec: string
  readonly usage: string
  readonly privateKey: KeyObject
  isEnabled: boolean
}

const failed = (type: string, message: string): ServiceAnswer => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: { __type: type, message },
})
const account = 'arn:aws:kms:us-east-1:123456789012'
const maxMessage = 4096

/**
 * Starts a server that signs with keys of its own, and refuses as KMS does. Signatures of requests are not checked.
 *
 * @example
 * ```ts
 * import { createFakeKms } from '@ocisign/conformance/aws-kms'
 *
 * const service = await createFakeKms()
 * service.createAlias('alias/release', service.createKey('ECC_NIST_P256'))
 * service.fail({ status: 400, body: { __type: 'ThrottlingException', message: 'slow down' } })
 * service.recover() // from here on it signs: new KMS(service.clientOptions)
 * await service.close()
 * ```
 */
export async function createFakeKms(options: FakeServiceOptions = {}): Promise<FakeKms> {
  const keys = new Map<string, Key>()
  const aliases = new Map<string, string>()
  const find = (keyId: string): Key | undefined => {
    const name = keyId.startsWith(`${account}:alias/`) ? keyId.slice(account.length + 1) : keyId
    return keys.get(aliases.get(name) ?? name) ?? keys.get(`${account}:key/${name}`)
  }
  const handle = (request: ServiceRequest): ServiceAnswer => {
    const [, action] = String(request.headers['x-amz-target']).split('.')
    const body = JSON.parse(new TextDecoder().decode(request.body)) as Readonly<Record<string, string>>
    const key = find(body.KeyId ?? '')
    if (!key) return failed('NotFoundException', `Key '${body.KeyId}' does not exist`)
    if (!key.isEnabled) return failed('DisabledException', `${key.arn} is disabled.`)
    if (action === 'GetPublicKey') return describe(key)
    if (action === 'Sign') return sign(key, body)
    return failed('UnknownOperationException', String(action))
  }
  const service = await startService(handle, options)
  return {
    ...service,
    get peak() {
      return service.peak
    },
    clientOptions: {
      endpoint: service.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
      maxAttempts: 1,
    },
    recover() {
      service.recover()
      for (const key of keys.values()) key.isEnabled = true
    },
    createKey(spec, usage = 'SIGN_VERIFY') {
      const arn = `${account}:key/${randomUUID()}`
      keys.set(arn, { arn, spec, usage, privateKey: generate(spec), isEnabled: true })
      return arn
    },
    createAlias: (alias, arn) => void aliases.set(alias, arn),
    disable(arn) {
      const key = keys.get(arn)
      if (key) key.isEnabled = false
    },
  }
}

const curves: Readonly<Record<string, string>> = {
  ECC_NIST_P256: 'P-256',
  ECC_NIST_P384: 'P-384',
  ECC_NIST_P521: 'P-521',
  ECC_SECG_P256K1: 'secp256k1',
}

function generate(spec: string): KeyObject {
  const namedCurve = curves[spec]
  if (namedCurve) return generateKeyPairSync('ec', { namedCurve }).privateKey
  return generateKeyPairSync('rsa', { modulusLength: Number(spec.slice(4)) }).privateKey
}

function describe({ arn, spec, usage, privateKey }: Key): ServiceAnswer {
  const publicKey = createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const PublicKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const body = { KeyId: arn, KeySpec: spec, CustomerMasterKeySpec: spec, KeyUsage: usage, PublicKey }
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body }
}

function sign({ arn, spec, usage, privateKey }: Key, body: Readonly<Record<string, string>>): ServiceAnswer {
  const { SigningAlgorithm = '', MessageType = 'RAW', Message = '' } = body
  const [, family = '', bits = ''] =
    /^(ECDSA|RSASSA_PSS|RSASSA_PKCS1_V1_5)_SHA_(256|384|512)$/.exec(SigningAlgorithm) ?? []
  const isEc = spec.startsWith('ECC')
  if (usage !== 'SIGN_VERIFY' || isEc !== (family === 'ECDSA'))
    return failed(
      'InvalidKeyUsageException',
      `${arn} key usage is ${usage} which is not valid for ${SigningAlgorithm}.`,
    )
  const message = Buffer.from(Message, 'base64')
  if (MessageType !== 'DIGEST')
    return message.length > maxMessage
      ? failed('ValidationException', 'Member must have length less than or equal to 4096')
      : failed('ValidationException', 'the fake signs digests only')
  if (message.length !== Number(bits) / 8)
    return failed('ValidationException', `Digest is invalid length for algorithm ${SigningAlgorithm}.`)
  const scheme = family === 'ECDSA' ? 'ECDSA' : family === 'RSASSA_PSS' ? 'RSASSA-PSS' : 'RSASSA-PKCS1-v1_5'
  const algorithm: Algorithm = {
    scheme,
    hash: `sha${bits}` as DigestAlgorithm,
    keyBits: Number(/[0-9]+$/.exec(spec)?.[0]),
  }
  const signature = Buffer.from(signHash(privateKey, algorithm, message)).toString('base64')
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: { KeyId: arn, Signature: signature, SigningAlgorithm },
  }
}
