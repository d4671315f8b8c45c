// SPDX-License-Identifier: Apache-2.0
// Google Cloud KMS, as far as signing needs it, over gRPC. Needs @google-cloud/kms, @grpc/grpc-js and @grpc/proto-loader.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'
import * as grpc from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import type { Algorithm, DigestAlgorithm } from '@ocisign/core'
import { signHash } from '../fake/sign-hash.js'
import { crc32c } from './checksum.js'

/** A running fake. */
export interface FakeCloudKms {
  /** `127.0.0.1:PORT`. */
  readonly address: string
  /** What was asked: `AsymmetricSign`, `GetPublicKey` … */
  readonly requests: readonly string[]
  /** What a client is made with to speak to it. */
  readonly clientOptions: {
    readonly servicePath: string
    readonly port: number
    readonly sslCreds: grpc.ChannelCredentials
    readonly projectId: string
  }
  /** Makes a key, or its next version, of an algorithm of Cloud KMS, and returns the key's name. */
  createKey(name: string, algorithm: string): string
  disable(version: string): void
  /** Fails each request with a code of gRPC, or never answers it. */
  fail(fault: { readonly code: number; readonly message?: string } | 'stall'): void
  /** Answers with what was changed on the way. */
  damage(what: 'pem' | 'signature' | 'digest' | 'name'): void
  /** No more faults. */
  recover(): void
  close(): Promise<void>
}

interface Version {
  readonly name: string
  readonly algorithm: string
  readonly privateKey: KeyObject
  state: 'ENABLED' | 'DISABLED'
}

type Reply = grpc.sendUnaryData<unknown>
interface Call {
  readonly request: Readonly<Record<string, unknown>>
}

const parent = 'projects/p/locations/global/keyRings/r/cryptoKeys'
const failed = (code: grpc.status, details: string) => ({ code, details })

/**
 * Starts a server on 127.0.0.1 that signs with keys of its own, and refuses as Cloud KMS does.
 *
 * @example
 * ```ts
 * import { createFakeCloudKms } from '@ocisign/conformance/cloud-kms'
 *
 * const service = await createFakeCloudKms()
 * console.log(service.createKey('release', 'EC_SIGN_P256_SHA256')) // projects/…/cryptoKeys/release
 * service.fail({ code: 8 }) // every call is RESOURCE_EXHAUSTED
 * await service.close()
 * ```
 */
export async function createFakeCloudKms(): Promise<FakeCloudKms> {
  const versions = new Map<string, Version>()
  const requests: string[] = []
  let fault: Parameters<FakeCloudKms['fail']>[0] | undefined
  let damaged: string | undefined

  const find = (name: unknown): Version => {
    const version = versions.get(String(name))
    if (!version) throw failed(grpc.status.NOT_FOUND, `${name} not found.`)
    if (version.state !== 'ENABLED') throw failed(grpc.status.FAILED_PRECONDITION, `${name} is not enabled.`)
    return version
  }
  const answered = (name: unknown) => (damaged === 'name' ? `${name}0` : name)
  const handlers: Record<string, (request: Call['request']) => unknown> = {
    GetPublicKey({ name }) {
      const { algorithm, privateKey } = find(name)
      const publicKey = createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
      const value = crc32c(Buffer.from(pem)) ^ (damaged === 'pem' ? 1 : 0)
      return { name: answered(name), pem, algorithm, pemCrc32c: { value: value >>> 0 } }
    },
    AsymmetricSign(request) {
      const signature = sign(find(request.name), request)
      const value = crc32c(signature) ^ (damaged === 'signature' ? 1 : 0)
      return {
        signature,
        signatureCrc32c: { value: value >>> 0 },
        verifiedDigestCrc32c: damaged !== 'digest',
        name: answered(request.name),
      }
    },
    ListCryptoKeyVersions({ parent: key }) {
      const found = [...versions.values()].filter(({ name }) => name.startsWith(`${key}/`))
      if (found.length === 0) throw failed(grpc.status.NOT_FOUND, `${key} not found.`)
      return { cryptoKeyVersions: found.map(({ name, state, algorithm }) => ({ name, state, algorithm })) }
    },
  }
  const answer = (method: string) => (call: Call, reply: Reply) => {
    requests.push(method)
    if (fault === 'stall') return
    if (fault) return reply({ code: fault.code, details: fault.message ?? 'on command' })
    try {
      reply(null, handlers[method]!(call.request))
    } catch (error) {
      reply('code' in (error as object) ? (error as grpc.ServiceError) : failed(grpc.status.INTERNAL, String(error)))
    }
  }

  const server = new grpc.Server()
  server.addService(
    serviceDefinition(),
    Object.fromEntries(Object.keys(handlers).map((method) => [method, answer(method)])),
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  return {
    address: `127.0.0.1:${port}`,
    requests,
    clientOptions: { servicePath: '127.0.0.1', port, sslCreds: grpc.credentials.createInsecure(), projectId: 'p' },
    createKey(key, algorithm) {
      const prefix = `${parent}/${key}/cryptoKeyVersions/`
      const number = [...versions.keys()].filter((name) => name.startsWith(prefix)).length + 1
      const name = `${prefix}${number}`
      versions.set(name, { name, algorithm, privateKey: generate(algorithm), state: 'ENABLED' })
      return `${parent}/${key}`
    },
    disable(name) {
      const version = versions.get(name)
      if (version) version.state = 'DISABLED'
    },
    fail: (given) => {
      fault = given
    },
    damage: (what) => {
      damaged = what
    },
    recover() {
      fault = undefined
      damaged = undefined
    },
    close: async () => server.forceShutdown(),
  }
}

function serviceDefinition(): grpc.ServiceDefinition {
  const protos = createRequire(import.meta.url)('@google-cloud/kms/build/protos/protos.json') as Parameters<
    typeof fromJSON
  >[0]
  const definition = fromJSON(protos, { enums: String, longs: Number, defaults: false })
  return definition['google.cloud.kms.v1.KeyManagementService'] as unknown as grpc.ServiceDefinition
}

const curves: Readonly<Record<string, string>> = { P256: 'P-256', P384: 'P-384', SECP256K1: 'secp256k1' }

function generate(algorithm: string): KeyObject {
  const [, curve] = /^EC_SIGN_(P256|P384|SECP256K1)_/.exec(algorithm) ?? []
  if (curve) return generateKeyPairSync('ec', { namedCurve: curves[curve]! }).privateKey
  const [bits] = /(?<=_)(?:2048|3072|4096)(?=_)/.exec(algorithm) ?? []
  return generateKeyPairSync('rsa', { modulusLength: Number(bits) }).privateKey
}

function sign({ algorithm, privateKey }: Version, request: Call['request']): Uint8Array {
  const invalid = (message: string) => failed(grpc.status.INVALID_ARGUMENT, message)
  const hash = `sha${algorithm.slice(-3)}` as DigestAlgorithm
  const digest = (request.digest as Readonly<Record<string, Uint8Array>> | undefined)?.[hash]
  if (!digest || digest.length !== Number(hash.slice(3)) / 8) throw invalid(`digest is no ${hash}`)
  const checksum = request.digestCrc32c as { readonly value?: number } | undefined
  if (checksum && checksum.value !== crc32c(digest)) throw invalid('The checksum in field digest_crc32c did not match.')
  const scheme = algorithm.startsWith('EC') ? 'ECDSA' : algorithm.includes('PSS') ? 'RSASSA-PSS' : 'RSASSA-PKCS1-v1_5'
  const [bits = '256'] = /(?<=_P?)(?:256|384|2048|3072|4096)(?=_)/.exec(algorithm) ?? []
  const resolved: Algorithm = { scheme, hash, keyBits: Number(bits) }
  return signHash(privateKey, resolved, digest)
}
