// SPDX-License-Identifier: Apache-2.0
// Azure Trusted Signing, as far as signing needs it: an operation is started and asked after, and the certificate chain
// comes with the signature.
import { createPrivateKey, randomUUID } from 'node:crypto'
import { notaryAlgorithms } from '@ocisign/core'
import { createFakeAuthority, type FakeAuthority } from '../fake/ca.js'
import {
  type FakeService,
  type FakeServiceOptions,
  type ServiceAnswer,
  type ServiceRequest,
  startService,
} from '../fake/service.js'
import { signHash } from '../fake/sign-hash.js'
import { encodePkcs7 } from './pkcs7.js'

/** What {@link createFakeTrustedSigning} accepts. */
export interface FakeTrustedSigningOptions extends FakeServiceOptions {
  /** The one token it takes. */
  readonly token: string
  /** How often it says that it is at work; once by default. */
  readonly polls?: number | undefined
}

/** A running fake. */
export interface FakeTrustedSigning extends FakeService {
  readonly account: string
  readonly profile: string
  /** Whoever issued the certificates. */
  readonly authority: FakeAuthority
  /** Another key and another certificate from now on, as every day. */
  renew(): Promise<void>
  /** How operations end; `Succeeded` by default. */
  endWith(status: string): void
}

const rsa3072 = notaryAlgorithms.find(({ keyBits }) => keyBits === 3072)!
const failed = (status: number, code: string): ServiceAnswer => ({
  status,
  body: { error: { code, message: 'on command' } },
})

/**
 * Starts a service with one certificate profile, whose chain has three certificates.
 *
 * @example
 * ```ts
 * import { createFakeTrustedSigning } from '@ocisign/conformance/trusted-signing'
 *
 * const service = await createFakeTrustedSigning({ token: 'test' })
 * console.log(service.origin, service.account, service.profile)
 * await service.close()
 * ```
 */
export async function createFakeTrustedSigning(options: FakeTrustedSigningOptions): Promise<FakeTrustedSigning> {
  const { token, polls = 1, latency } = options
  const [account, profile] = ['account', 'profile']
  const base = `/codesigningaccounts/${account}/certificateprofiles/${profile}/sign`
  const authority = await createFakeAuthority()
  const intermediate = await authority.issueAuthority()
  const issue = () => intermediate.issue({ algorithm: rsa3072 })
  let leaf = await issue()
  let ending = 'Succeeded'
  const operations = new Map<string, { polls: number; readonly hash: Uint8Array }>()

  const start = ({ body }: ServiceRequest): ServiceAnswer => {
    const { signatureAlgorithm, digest = '' } = JSON.parse(new TextDecoder().decode(body)) as Readonly<
      Record<string, string>
    >
    const hash = Buffer.from(digest, 'base64')
    if (signatureAlgorithm !== 'PS384' || hash.length !== 48) return failed(400, 'BadRequest')
    const operationId = randomUUID()
    operations.set(operationId, { polls, hash })
    return { status: 202, body: { operationId, status: 'InProgress', signature: null, signingCertificate: null } }
  }
  const ask = (operationId: string): ServiceAnswer => {
    const operation = operations.get(operationId)
    if (!operation) return { status: 200, body: { operationId, status: 'NotFound' } }
    if (operation.polls-- > 0) return { status: 200, body: { operationId, status: 'Running' } }
    if (ending !== 'Succeeded') return { status: 200, body: { operationId, status: ending } }
    const signature = Buffer.from(signHash(createPrivateKey(leaf.keyPem), rsa3072, operation.hash)).toString('base64')
    const bundle = Buffer.from(encodePkcs7(leaf.chain.toReversed())).toString('base64')
    const signingCertificate = Buffer.from(`${bundle}\r\n`).toString('base64')
    return { status: 200, body: { operationId, status: ending, signature, signingCertificate } }
  }
  const handle = (request: ServiceRequest): ServiceAnswer => {
    const { method, path, headers } = request
    if (headers.authorization !== `Bearer ${token}`) return failed(401, 'Unauthorized')
    if (method === 'POST' && path === base) return start(request)
    if (method === 'GET' && path.startsWith(`${base}/`)) return ask(path.slice(base.length + 1))
    return failed(404, 'NotFound')
  }
  const service = await startService(handle, { latency, tls: options.tls })
  return {
    ...service,
    get peak() {
      return service.peak
    },
    account,
    profile,
    authority,
    renew: async () => {
      leaf = await issue()
    },
    endWith: (status) => {
      ending = status
    },
  }
}
