// SPDX-License-Identifier: Apache-2.0
// AWS Signer, as far as Notation needs it: SignPayload, which makes whole envelopes, and GetRevocationStatus.
import { randomUUID } from 'node:crypto'
import { jws, notaryAlgorithms, type SignedAttributes } from '@ocisign/core'
import { createFakeAuthority, type FakeAuthority } from '../fake/ca.js'
import {
  type FakeService,
  type FakeServiceOptions,
  type ServiceAnswer,
  type ServiceRequest,
  startService,
} from '../fake/service.js'

/** A running fake. */
export interface FakeAwsSigner extends FakeService {
  /** Whoever issued the certificates: what a trust store of the type `signingAuthority` holds. */
  readonly authority: FakeAuthority
  readonly profileArn: string
  /** Of the version that signs now. */
  readonly profileVersionArn: string
  /** Revokes ARNs, or hashes of certificates. */
  revoke(...entities: readonly string[]): void
  /** Signs something else than what it was asked for. */
  substitute(payload: (payload: Uint8Array) => Uint8Array): void
  /** The questions about revocation. */
  readonly questions: readonly URLSearchParams[]
}

const account = '123456789012'
const profile = 'release'
const p384 = notaryAlgorithms.find(({ keyBits }) => keyBits === 384)!
const failed = (status: number, code: string): ServiceAnswer => ({
  status,
  headers: { 'x-amzn-errortype': code },
  body: { message: 'on command' },
})

/**
 * Starts a service with one signing profile, which refuses as AWS Signer does. Signatures of requests are not checked.
 *
 * @example
 * ```ts
 * import { createFakeAwsSigner } from '@ocisign/conformance/aws-signer'
 *
 * const service = await createFakeAwsSigner()
 * service.revoke(service.profileVersionArn)
 * console.log(service.profileArn, service.origin)
 * await service.close()
 * ```
 */
export async function createFakeAwsSigner(
  options: FakeServiceOptions & { readonly clock?: () => Date } = {},
): Promise<FakeAwsSigner> {
  const { clock = () => new Date() } = options
  const authority = await createFakeAuthority()
  const leaf = await (await authority.issueAuthority()).issue({ algorithm: p384 })
  const profileArn = `arn:aws:signer:us-east-1:${account}:/signing-profiles/${profile}`
  const profileVersionArn = `${profileArn}/0Ab1Cd2Ef3`
  const revoked = new Set<string>()
  const questions: URLSearchParams[] = []
  let substitute = (payload: Uint8Array) => payload

  const attributes = (now: Date): SignedAttributes => ({
    signingScheme: 'notary.x509.signingAuthority',
    authenticSigningTime: now,
    expiry: new Date(now.getTime() + 365 * 24 * 3_600_000),
    extended: [
      {
        key: 'com.amazonaws.signer.signingJob',
        value: `arn:aws:signer:us-east-1:${account}:/signing-jobs/${randomUUID()}`,
        critical: true,
      },
      { key: 'com.amazonaws.signer.signingProfileVersion', value: profileVersionArn, critical: true },
      { key: 'io.cncf.notary.verificationPlugin', value: 'com.amazonaws.signer.notation.plugin', critical: true },
      { key: 'io.cncf.notary.verificationPluginMinVersion', value: '1.0.0', critical: true },
    ],
  })
  const sign = async ({ body }: ServiceRequest): Promise<ServiceAnswer> => {
    const request = JSON.parse(new TextDecoder().decode(body)) as Readonly<Record<string, string>>
    if (request.profileName !== profile || request.profileOwner !== account)
      return failed(404, 'ResourceNotFoundException')
    const payload = substitute(new Uint8Array(Buffer.from(request.payload ?? '', 'base64')))
    const now = new Date(Math.floor(clock().getTime() / 1000) * 1000)
    const content = { payload, payloadType: request.payloadFormat ?? '', attributes: attributes(now) }
    const prepared = jws.prepare(content, leaf.key.algorithm)
    const envelope = prepared.seal(await leaf.key.sign(prepared.toBeSigned), { signingAgent: 'AWS Signer' })
    const signature = Buffer.from(envelope).toString('base64')
    return {
      status: 200,
      body: { jobId: randomUUID(), jobOwner: account, metadata: { 'com.example.job': '1' }, signature },
    }
  }
  const judge = ({ query }: ServiceRequest): ServiceAnswer => {
    questions.push(query)
    const entities = [query.get('profileVersionArn'), query.get('jobArn'), ...query.getAll('certificateHashes')]
    const listed = entities.filter((each) => each !== null && [...revoked].some((part) => each.includes(part)))
    return { status: 200, body: { revokedEntities: listed } }
  }
  const service = await startService((request) => {
    if (request.method === 'POST' && request.path === '/signing-jobs/with-payload') return sign(request)
    if (request.method === 'GET' && request.path === '/revocations') return judge(request)
    return failed(404, 'NotFoundException')
  }, options)
  return {
    ...service,
    get peak() {
      return service.peak
    },
    authority,
    profileArn,
    profileVersionArn,
    questions,
    revoke: (...entities) => {
      for (const entity of entities) revoked.add(entity)
    },
    substitute: (change) => {
      substitute = change
    },
  }
}
