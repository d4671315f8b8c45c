// SPDX-License-Identifier: Apache-2.0
// The data plane of Azure Key Vault, as far as signing needs it: over TLS, with its challenge.
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { type Algorithm, type DigestAlgorithm, encodePem } from '@ocisign/core'
import { createFakeAuthority, type FakeCertificate } from '../fake/ca.js'
import {
  type FakeService,
  type FakeServiceOptions,
  type ServiceAnswer,
  type ServiceRequest,
  startService,
} from '../fake/service.js'
import { signHash } from '../fake/sign-hash.js'
import { encodePkcs12 } from './pkcs12.js'

/** What {@link createFakeKeyVault} accepts. */
export interface FakeKeyVaultOptions extends Pick<FakeServiceOptions, 'latency'> {
  /** The one token it takes. */
  readonly token: string
}

/** A running fake. */
export interface FakeKeyVault extends FakeService {
  /** What the clients are made with to trust it and to believe its challenge. */
  readonly clientOptions: {
    readonly disableChallengeResourceVerification: true
    readonly tlsOptions: { readonly ca: string }
    readonly retryOptions: { readonly maxRetries: 0 }
  }
  /** What the clients are made with to be let in. */
  readonly credential: { getToken(): Promise<{ token: string; expiresOnTimestamp: number }> }
  /** Makes a key, or its next version: `EC` or `EC-HSM` with a curve, `RSA` or `RSA-HSM` with a size. Returns the version. */
  createKey(name: string, type: string, parameter: string | number): string
  /**
   * Keeps a certificate with its chain and its key under one name, as merging does. Returns the version. The secret that
   * has the chain, in no order, is `application/x-pem-file` or, by default, `application/x-pkcs12`.
   */
  mergeCertificate(name: string, certificate: FakeCertificate, contentType?: string): string
  disable(name: string, version: string): void
  /** When a version may be used. */
  restrict(name: string, version: string, times: { readonly notBefore?: Date; readonly expiresOn?: Date }): void
  /** Refuses an operation, `keys/sign` or `secrets/get`, with a 403; undefined refuses none. */
  forbid(operation: string | undefined): void
}

interface Version {
  readonly version: string
  readonly type: string
  readonly privateKey: KeyObject
  readonly created: number
  readonly certificate?: FakeCertificate | undefined
  readonly contentType?: string | undefined
  enabled: boolean
  notBefore?: Date | undefined
  expiresOn?: Date | undefined
}

const failed = (status: number, code: string, message: string): ServiceAnswer => ({
  status,
  body: { error: { code, message } },
})

const neverEnds = Date.UTC(2100, 0)

/**
 * Starts a vault with keys and certificates of its own, which refuses as Key Vault does.
 *
 * @example
 * ```ts
 * import { createFakeKeyVault } from '@ocisign/conformance/key-vault'
 *
 * const vault = await createFakeKeyVault({ token: 'test' })
 * vault.createKey('release', 'EC', 'P-256')
 * vault.forbid('keys/sign') // new KeyClient(vault.origin, vault.credential, vault.clientOptions)
 * await vault.close()
 * ```
 */
export async function createFakeKeyVault({ token, latency }: FakeKeyVaultOptions): Promise<FakeKeyVault> {
  const authority = await createFakeAuthority()
  const store = new Map<string, Version[]>()
  let forbidden: string | undefined
  let clock = 1_700_000_000

  const handle = (request: ServiceRequest): ServiceAnswer => {
    const { authorization } = request.headers
    if (authorization === undefined) return challenge(request)
    if (authorization !== `Bearer ${token}`) return failed(401, 'Unauthorized', 'the token is not valid')
    const [, kind = '', name = '', version = '', action = ''] =
      /^\/(keys|certificates|secrets)\/([^/]+)(?:\/([^/]*))?(?:\/([^/]+))?$/.exec(request.path) ?? []
    const operation = `${kind}/${action || (version === 'versions' ? 'list' : 'get')}`
    if (operation === forbidden) return failed(403, 'Forbidden', `The user does not have ${operation} permission.`)
    const versions = store.get(name) ?? []
    if (version === 'versions') return list(request, kind, name, versions)
    const found = version ? versions.find((each) => each.version === version) : versions.at(-1)
    if (!found) return failed(404, 'KeyNotFound', `A key with (name/id) ${name} was not found in this key vault.`)
    if (!found.enabled) return failed(403, 'Forbidden', `Operation ${operation} is not allowed on a disabled key.`)
    if (kind === 'keys') return action === 'sign' ? sign(request, name, found) : describeKey(request, name, found)
    if (!found.certificate) return failed(404, 'CertificateNotFound', `no certificate ${name}`)
    return kind === 'certificates' ? describeCertificate(request, name, found) : describeSecret(request, name, found)
  }

  const find = (name: string, version: string): Version => {
    const found = store.get(name)?.find((each) => each.version === version)
    if (!found) throw new Error(`there is no ${name}/${version}`)
    return found
  }
  const service = await startService(handle, { tls: authority, latency })
  const add = (name: string, version: Omit<Version, 'version' | 'created' | 'enabled'>) => {
    const made = { ...version, version: randomUUID().replaceAll('-', ''), created: clock++, enabled: true }
    store.set(name, [...(store.get(name) ?? []), made])
    return made.version
  }
  return {
    ...service,
    get peak() {
      return service.peak
    },
    clientOptions: {
      disableChallengeResourceVerification: true,
      tlsOptions: { ca: encodePem('CERTIFICATE', authority.chain.at(-1)!) },
      retryOptions: { maxRetries: 0 },
    },
    credential: { getToken: async () => ({ token, expiresOnTimestamp: neverEnds }) },
    createKey: (name, type, parameter) => add(name, { type, privateKey: generate(type, parameter) }),
    mergeCertificate(name, certificate, contentType = 'application/x-pkcs12') {
      const privateKey = createPrivateKey(certificate.keyPem)
      return add(name, {
        type: privateKey.asymmetricKeyType === 'ec' ? 'EC' : 'RSA',
        privateKey,
        certificate,
        contentType,
      })
    },
    disable: (name, version) => void Object.assign(find(name, version), { enabled: false }),
    restrict: (name, version, times) => void Object.assign(find(name, version), times),
    forbid: (operation) => {
      forbidden = operation
    },
  }
}

/** A client believes it of its own cloud service only, by the name of the host that it asked. */
const challenge = ({ origin }: ServiceRequest): ServiceAnswer => ({
  status: 401,
  headers: {
    'www-authenticate': `Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000", resource="https://${origin.includes('.managedhsm.') ? 'managedhsm' : 'vault'}.azure.net"`,
  },
  body: { error: { code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' } },
})

function generate(type: string, parameter: string | number): KeyObject {
  if (type.startsWith('EC')) return generateKeyPairSync('ec', { namedCurve: String(parameter) }).privateKey
  return generateKeyPairSync('rsa', { modulusLength: Number(parameter) }).privateKey
}

/** Times are in seconds. */
const secondsOf = (date: Date | undefined) => date && Math.floor(date.getTime() / 1000)
const attributes = ({ enabled, created, notBefore, expiresOn }: Version) => ({
  enabled,
  created,
  updated: created,
  nbf: secondsOf(notBefore),
  exp: secondsOf(expiresOn),
})

function list(
  { origin, query }: ServiceRequest,
  kind: string,
  name: string,
  versions: readonly Version[],
): ServiceAnswer {
  const skip = Number(query.get('$skiptoken') ?? 0)
  const base = `${origin}/${kind}/${name}`
  const value = versions.slice(skip, skip + 2).map((each) => ({
    [kind === 'keys' ? 'kid' : 'id']: `${base}/${each.version}`,
    attributes: attributes(each),
  }))
  const next = skip + 2 < versions.length ? `${base}/versions?$skiptoken=${skip + 2}&api-version=7.6` : null
  return { status: 200, body: { value, nextLink: next } }
}

function describeKey({ origin }: ServiceRequest, name: string, version: Version): ServiceAnswer {
  const { crv, n, e, x, y } = version.privateKey.export({ format: 'jwk' })
  const key = {
    kid: `${origin}/keys/${name}/${version.version}`,
    kty: version.type,
    key_ops: ['sign'],
    crv,
    n,
    e,
    x,
    y,
  }
  return { status: 200, body: { key, attributes: attributes(version) } }
}

function describeCertificate({ origin }: ServiceRequest, name: string, version: Version): ServiceAnswer {
  const id = `${origin}/certificates/${name}/${version.version}`
  const cer = Buffer.from(version.certificate!.chain[0]!).toString('base64')
  const kid = `${origin}/keys/${name}/${version.version}`
  return { status: 200, body: { id, kid, cer, attributes: attributes(version), policy: { id: `${id}/policy` } } }
}

function describeSecret({ origin }: ServiceRequest, name: string, version: Version): ServiceAnswer {
  const { chain, keyPem } = version.certificate!
  const others = chain.toReversed()
  const value =
    version.contentType === 'application/x-pkcs12'
      ? Buffer.from(encodePkcs12(others)).toString('base64')
      : [keyPem, ...others.map((der) => encodePem('CERTIFICATE', der))].join('')
  const id = `${origin}/secrets/${name}/${version.version}`
  return { status: 200, body: { id, value, contentType: version.contentType, attributes: attributes(version) } }
}

const curveOf: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

function sign(request: ServiceRequest, name: string, { privateKey, version, type }: Version): ServiceAnswer {
  const { alg, value } = JSON.parse(new TextDecoder().decode(request.body)) as Readonly<Record<string, string>>
  const [, family, bits] = /^(ES|PS|RS)(256|384|512)$/.exec(alg ?? '') ?? []
  const { crv } = privateKey.export({ format: 'jwk' })
  const isEc = type.startsWith('EC')
  if (!family || isEc !== (family === 'ES') || (isEc && curveOf[alg!] !== crv))
    return failed(400, 'BadParameter', `Key and signature algorithm are incompatible: ${type}, ${alg}`)
  const hash = Buffer.from(value ?? '', 'base64url')
  if (hash.length !== Number(bits) / 8) return failed(400, 'BadParameter', `Invalid length of 'value'`)
  const algorithm: Algorithm = {
    scheme: isEc ? 'ECDSA' : family === 'PS' ? 'RSASSA-PSS' : 'RSASSA-PKCS1-v1_5',
    hash: `sha${bits}` as DigestAlgorithm,
    keyBits: isEc ? Number(crv!.slice(2)) : (privateKey.asymmetricKeyDetails?.modulusLength ?? 0),
  }
  const signature = Buffer.from(signHash(privateKey, algorithm, hash, { ecdsa: 'raw' })).toString('base64url')
  return { status: 200, body: { kid: `${request.origin}/keys/${name}/${version}`, value: signature } }
}
