// SPDX-License-Identifier: Apache-2.0
// describe-key and generate-signature, answered with a key of any provider.
import { constants, verify, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import {
  type CallOptions,
  encodeBase64,
  type KeyOpener,
  limits,
  parseCertificatesPem,
  printable,
  type SigningKey,
  withCertificates,
} from '@ocisign/core'
import { fileError } from '@ocisign/core/node'
import { type AlgorithmNames, findByAlgorithm } from '../algorithm.js'
import type { PluginConfig } from '../protocol.js'
import { type HostRequest, refusal } from './request.js'

/** The setting that names a PEM file, or a link to one, with the chain of a key that has no certificates, leaf first. */
export const certificateChainSetting = 'certificate-chain'

/** What a provider's key is opened with. */
export interface HostKeyOptions extends CallOptions {
  /** The settings of the request. */
  readonly config: PluginConfig
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Opens the key that a request names. */
export type OpenHostKey = (id: string, options: HostKeyOptions) => Promise<SigningKey>

/** The `./uri` modules of providers, or how to load them: only when a key is asked for, and while nobody hears them. */
export type HostKeys = readonly KeyOpener[] | (() => Promise<readonly KeyOpener[]>)

/** Opens keys by URI with the first opener of its scheme; settings stand in for variables of the environment. */
export function openWith(keys: HostKeys): OpenHostKey {
  return async (id, { config, environment, signal }) => {
    const openers = typeof keys === 'function' ? await keys() : keys
    const opener = openers.find(({ scheme }) => id.startsWith(`${scheme}:`))
    if (!opener)
      throw refusal(
        `the key "${printable(id)}" has no scheme that is known here: ${openers.map(({ scheme }) => `${scheme}:`).join(', ')}`,
      )
    return opener.openKey(id, { environment: { ...environment, ...config }, signal })
  }
}

/** Answers `describe-key`. */
export async function describe(request: HostRequest, open: () => Promise<SigningKey>) {
  const keyId = request.text('keyId')
  return { keyId, keySpec: namesOf(await open()).keySpec }
}

/** Answers `generate-signature`: signs the payload, and checks the result before it leaves. */
export async function generate(request: HostRequest, open: () => Promise<SigningKey>, options: CallOptions) {
  const keyId = request.text('keyId')
  const payload = request.bytes('payload')
  const key = await withChain(await open(), request.config)
  const names = namesOf(key)
  if (request.text('keySpec') !== names.keySpec) throw refusal(`the key is ${names.keySpec}, which is not asked for`)
  if (request.text('hashAlgorithm') !== names.hashAlgorithm)
    throw refusal(`a key that is ${names.keySpec} signs with ${names.hashAlgorithm}`)
  const { signature, material } = await key.sign(payload, options)
  if (material.kind !== 'x509')
    throw refusal(
      `the key has no certificates; name a file with its chain: --plugin-config ${certificateChainSetting}=FILE`,
    )
  const [leaf] = material.chain
  if (!leaf || !isGood(names, leaf, payload, signature))
    throw refusal('the certificate chain is not that of the key; it begins with the certificate of this key')
  return {
    keyId,
    signature: encodeBase64(signature),
    signingAlgorithm: names.signingAlgorithm,
    certificateChain: material.chain.map(encodeBase64),
  }
}

function namesOf({ algorithm }: SigningKey): AlgorithmNames {
  const names = findByAlgorithm(algorithm)
  if (!names) throw refusal('the key is of a kind that the Notary Project does not know')
  return names
}

async function withChain(key: SigningKey, config: PluginConfig): Promise<SigningKey> {
  const path = Object.hasOwn(config, certificateChainSetting) ? config[certificateChainSetting] : undefined
  if (path === undefined) return key
  const bytes = await readChain(path)
  return withCertificates(
    key,
    parseCertificatesPem(bytes, 'the certificate chain').map(({ der }) => der),
  )
}

/**
 * Reads the file of a chain. Links are followed: mounted secrets and tools that renew certificates make them, and nobody
 * is trusted for what stands there.
 */
async function readChain(path: string): Promise<Uint8Array> {
  try {
    const status = await stat(path)
    if (!status.isFile() || status.size > limits.documentBytes)
      throw refusal(`${printable(path, 1000)} is no file of at most ${limits.documentBytes} bytes`)
    return new Uint8Array(await readFile(path))
  } catch (error) {
    throw error instanceof Error ? fileError(error, path, 'read') : error
  }
}

function isGood({ algorithm }: AlgorithmNames, leaf: Uint8Array, payload: Uint8Array, signature: Uint8Array): boolean {
  const key = new X509Certificate(leaf).publicKey
  const form =
    algorithm.scheme === 'ECDSA'
      ? ({ key, dsaEncoding: 'ieee-p1363' } as const)
      : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return verify(algorithm.hash, payload, form, signature)
}
