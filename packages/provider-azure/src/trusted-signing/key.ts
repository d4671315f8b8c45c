// SPDX-License-Identifier: Apache-2.0
import {
  type Algorithm,
  algorithmOfPublicKey,
  type CallOptions,
  type Certificate,
  createRemoteKey,
  decodeBase64,
  decodeText,
  encodeBase64,
  equalAlgorithms,
  equalBytes,
  isOcisignError,
  type JsonObject,
  notaryAlgorithms,
  OcisignError,
  orderChain,
  parsePkcs7Certificates,
  printable,
  type RetryOptions,
  type SigningKey,
  untilAborted,
  waitFor,
  type X509Material,
} from '@ocisign/core'
import { keyError } from '../errors.js'
import { askService, type TokenCredentialLike, type TrustedSigningProfile } from './request.js'

export type { TokenCredentialLike } from './request.js'

/** What {@link createTrustedSigningKey} accepts. */
export interface TrustedSigningKeyOptions {
  /** `https://weu.codesigning.azure.net`, that of the account's region. */
  readonly endpoint: string
  readonly account: string
  /** The name of the certificate profile. */
  readonly profile: string
  readonly credential: TokenCredentialLike
  /** How long one signature may take, in milliseconds; 60,000 by default. */
  readonly deadlineMilliseconds?: number | undefined
  readonly retry?: RetryOptions | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
}

const scope = 'https://codesigning.azure.net/.default'
/** All keys of the service are RSA keys of 3,072 bits. */
const algorithm: Algorithm = notaryAlgorithms.find(
  ({ scheme, keyBits }) => scheme === 'RSASSA-PSS' && keyBits === 3072,
)!
const firstPoll = 250
const longestPoll = 5000

/**
 * Makes a key of Azure Trusted Signing, which is also called Artifact Signing: each signature comes with the certificate
 * chain of the day, which lives for some days only. So `requiresTimestamp` is set, and signing without a timestamp has to
 * be asked for by name.
 *
 * Nothing is asked before the first signature.
 * @throws MISUSE_OPTION; when signing UNAVAILABLE_KEY | DENIED_KEY | UNSUPPORTED_KEY
 *
 * @example
 * ```ts
 * import { createFakeTrustedSigning } from '@ocisign/conformance/trusted-signing'
 * import { createTrustedSigningKey } from '@ocisign/provider-azure/trusted-signing'
 *
 * const service = await createFakeTrustedSigning({ token: 'test' }) // in your setup: https://weu.codesigning.azure.net
 * const key = createTrustedSigningKey({
 *   endpoint: service.origin,
 *   account: service.account,
 *   profile: service.profile,
 *   credential: { getToken: async () => ({ token: 'test', expiresOnTimestamp: Date.now() + 3_600_000 }) },
 * })
 * const { material } = await key.sign(new TextEncoder().encode('hello'))
 * console.log(key.requiresTimestamp, material.chain.length) // true 3
 * await service.close()
 * ```
 */
export function createTrustedSigningKey(options: TrustedSigningKeyOptions): SigningKey<X509Material> {
  const { account, profile, retry, deadlineMilliseconds = 60_000 } = options
  const server = profileOf(options)
  const id = `trustedsigning://${new URL(server.base).host}/${account}/${profile}`
  const failed = (why: string, retryable = false) =>
    new OcisignError('UNAVAILABLE_KEY', `${id} ${why}`, { id, retryable })
  const late = () => failed(`did not sign within ${deadlineMilliseconds} milliseconds`)

  const poll = async (started: JsonObject, callOptions: CallOptions): Promise<JsonObject> => {
    const operation = started.operationId ?? started.id
    if (typeof operation !== 'string' || !/^[\w-]{1,100}$/.test(operation)) throw failed('was asked without an answer')
    const wait = retry?.wait ?? waitFor
    let waited = 0
    for (let answer = started, pause = firstPoll; ; pause = Math.min(2 * pause, longestPoll)) {
      const { status } = answer
      if (status === 'Succeeded') return answer
      if (status !== 'InProgress' && status !== 'Running' && status !== 'NotStarted')
        throw failed(`did not sign: ${printable(String(status), 40)}`, status === 'TimedOut')
      if (waited + pause > deadlineMilliseconds) throw late()
      await wait(pause, callOptions)
      waited += pause
      answer = await askService(server, `sign/${operation}`, undefined, callOptions)
    }
  }

  return createRemoteKey<X509Material>({
    id,
    algorithm,
    requiresTimestamp: true,
    ecdsa: 'raw',
    async signHash(hash, callOptions) {
      const body = { signatureAlgorithm: 'PS384', digest: encodeBase64(hash) }
      // A request that nobody answers counts, too, not only the waiting between them.
      const deadline = AbortSignal.timeout(deadlineMilliseconds)
      const signal = callOptions.signal ? AbortSignal.any([callOptions.signal, deadline]) : deadline
      const answer = await untilAborted(signal, async () =>
        poll(await askService(server, 'sign', body, { signal }), { signal }),
      ).catch((cause: unknown) => {
        throw deadline.aborted ? late() : cause
      })
      const { signature, signingCertificate } = answer
      if (typeof signature !== 'string' || typeof signingCertificate !== 'string')
        throw failed('was answered for without a signature or without its certificate')
      try {
        return { signature: decodeBase64(signature, 'the signature'), material: readChain(signingCertificate, id) }
      } catch (cause) {
        if (isOcisignError(cause, 'UNSUPPORTED_KEY') || isOcisignError(cause, 'UNAVAILABLE_KEY')) throw cause
        const message = `${id} was answered for with something that cannot be read`
        throw new OcisignError('UNAVAILABLE_KEY', message, { id, retryable: false }, { cause })
      }
    },
    toError: (cause) => keyError(id, 'sign', cause),
    retry,
  })
}

function profileOf({
  endpoint,
  account,
  profile,
  credential,
  fetch: send = globalThis.fetch,
}: TrustedSigningKeyOptions) {
  const misuse = (option: string, why: string) => new OcisignError('MISUSE_OPTION', `${option} ${why}`, { option })
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isLocal = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (
    !url ||
    (url.protocol !== 'https:' && !(isLocal && url.protocol === 'http:')) ||
    url.pathname !== '/' ||
    url.search
  )
    throw misuse('endpoint', 'is the https address of a region, without a path')
  for (const [option, name] of Object.entries({ account, profile }))
    if (!/^[A-Za-z0-9-]{1,100}$/.test(name)) throw misuse(option, `is no name: "${printable(name, 60)}"`)
  // Credentials keep tokens themselves; one that does not is asked each time.
  const token: TrustedSigningProfile['token'] = async ({ signal }) => {
    const answer = await credential.getToken(scope, signal && { abortSignal: signal })
    if (!answer) throw misuse('credential', 'has no token')
    return answer.token
  }
  return { base: `${url.origin}/codesigningaccounts/${account}/certificateprofiles/${profile}/`, token, send }
}

/** The chain, out of Base64 of Base64 of PKCS#7. */
function readChain(signingCertificate: string, id: string): X509Material {
  const bundle = decodeBase64(decodeText(decodeBase64(signingCertificate, 'the certificate')).trim(), 'the certificate')
  const certificates = parsePkcs7Certificates(bundle)
  const isIssuer = (each: Certificate) =>
    certificates.some((other) => other !== each && equalBytes(other.issuer, each.subject))
  const [leaf, ...others] = certificates.filter((each) => !isIssuer(each))
  if (!leaf || others.length > 0 || 'unsupported' in leaf.publicKey)
    throw new OcisignError('UNAVAILABLE_KEY', `${id} came with certificates that are no chain`, {
      id,
      retryable: false,
    })
  const { spki } = leaf.publicKey
  const actual = algorithmOfPublicKey(spki, id)
  if (!equalAlgorithms(actual, algorithm))
    throw new OcisignError('UNSUPPORTED_KEY', `${id} came with the certificate of another kind of key`, {
      algorithm: `${actual.scheme}-${actual.keyBits}`,
      supported: ['RSASSA-PSS-3072-sha384'],
    })
  return { kind: 'x509', chain: orderChain(certificates, spki).map(({ der }) => der) }
}
