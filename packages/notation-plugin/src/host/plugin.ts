// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, concatBytes, encodeText } from '@ocisign/core'
import { isPluginName } from '../discover.js'
import { misuse } from '../errors.js'
import { contractVersion, type PluginCommand, type PluginMetadata } from '../protocol.js'
import { isVersion } from '../semver.js'
import { failureOf } from './failure.js'
import { describe, generate, type HostKeys, type OpenHostKey, openWith } from './key.js'
import { type HostRequest, readRequest, refusal } from './request.js'
import type { HostVerifier } from './verifier.js'

/** What {@link createNotationPlugin} needs. */
export interface NotationPluginOptions {
  /** Its folder is called so, and its executable `notation-NAME`. Reverse domain names collide with nobody's. */
  readonly name: string
  /** Semantic version. */
  readonly version: string
  readonly description: string
  readonly url: string
  /** The `./uri` modules of providers; key ids are key URIs, and settings stand in for variables of the environment. */
  readonly keys?: HostKeys | undefined
  /** Opens keys by id where they are no URIs. */
  readonly openKey?: OpenHostKey | undefined
  /** For `verify-signature`; `createHostVerifier` makes one of a verification extension. */
  readonly verifier?: HostVerifier | undefined
}

/** How a plugin's process ends. */
export interface HostAnswer {
  readonly exitCode: 0 | 1
  readonly output: Uint8Array
  readonly errors: Uint8Array
}

/** What {@link NotationPlugin.answer} accepts. */
export interface AnswerOptions extends CallOptions {
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

/** The parts of `process` that a plugin uses. */
export interface HostProcess {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly stdout: HostStream
  readonly stderr: HostStream
  exitCode?: number | string | null | undefined
  exit?(code: number): unknown
  removeAllListeners(event: 'warning'): unknown
  on(event: 'warning', listener: () => void): unknown
}

/** A stream to write to. */
export interface HostStream {
  write(bytes: Uint8Array, done?: (error?: Error | null) => void): boolean
}

/** A Notation plugin. */
export interface NotationPlugin {
  readonly metadata: PluginMetadata
  /** Answers one request; never throws. */
  answer(command: string | undefined, input: Uint8Array, options?: AnswerOptions): Promise<HostAnswer>
  /** Answers the one request that this process was started for, and sets its exit code: the whole of an executable. */
  run(host?: HostProcess): Promise<void>
}

const maxRequestBytes = 64 * 1024 * 1024

/**
 * Turns key providers into a Notation plugin (plugin-extensibility, contract 1.0), so that `notation sign` signs with
 * them: `get-plugin-metadata`, `describe-key`, `generate-signature`, and `verify-signature` where there is a verifier.
 *
 * Whatever the providers and their libraries print is held back: Notation reads the answer from standard output, and the
 * error, which holds no more of an error that is not ours than its kind, from standard error. Signatures are verified
 * with the leaf of their chain before they leave. A key without certificates needs the setting `certificate-chain`.
 *
 * @example
 * ```ts
 * import { createNotationPlugin } from '@ocisign/notation-plugin/host'
 *
 * const plugin = createNotationPlugin({
 *   name: 'com.example.files',
 *   version: '1.0.0',
 *   description: 'Keys in files',
 *   url: 'https://example.com',
 *   keys: async () => [await import('@ocisign/provider-local/uri')],
 * })
 * const { output } = await plugin.answer('get-plugin-metadata', new TextEncoder().encode('{}'))
 * console.log(new TextDecoder().decode(output)) // in an executable: await plugin.run()
 * ```
 * @throws MISUSE_OPTION
 */
export function createNotationPlugin(options: NotationPluginOptions): NotationPlugin {
  const metadata = metadataOf(options)
  const open = options.openKey ?? openWith(options.keys ?? [])

  async function dispatch(command: string | undefined, input: Uint8Array, answerOptions: AnswerOptions) {
    const { environment = {}, signal } = answerOptions
    const request = readRequest(input, command !== 'get-plugin-metadata')
    const openNamed = () => open(request.text('keyId'), { config: request.config, environment, signal })
    const commands: Readonly<Record<PluginCommand, (() => unknown) | undefined>> = {
      'get-plugin-metadata': () => metadata,
      'describe-key': hasKeys(options) ? () => describe(request, openNamed) : undefined,
      'generate-signature': hasKeys(options) ? () => generate(request, openNamed, { signal }) : undefined,
      'generate-envelope': undefined,
      'verify-signature': options.verifier && verifyWith(options.verifier, request, { signal }),
    }
    const known = Object.entries(commands).find(([name]) => name === command)?.[1]
    if (!known) throw refusal('this plugin was asked for something that it does not do')
    return await known()
  }

  const answer: NotationPlugin['answer'] = async (command, input, answerOptions = {}) => {
    try {
      const output = encodeText(JSON.stringify(await dispatch(command, input, answerOptions)))
      return { exitCode: 0, output, errors: new Uint8Array() }
    } catch (error) {
      return { exitCode: 1, output: new Uint8Array(), errors: encodeText(JSON.stringify(failureOf(error))) }
    }
  }
  return { metadata, answer, run: (host = process as HostProcess) => runIn(host, answer) }
}

const hasKeys = ({ keys, openKey }: NotationPluginOptions) =>
  openKey !== undefined || typeof keys === 'function' || (keys?.length ?? 0) > 0

function verifyWith(verifier: HostVerifier, { document }: HostRequest, options: CallOptions) {
  return () => verifier.verify(document, options)
}

function metadataOf(options: NotationPluginOptions): PluginMetadata {
  const { name, version, description, url, verifier } = options
  if (!isPluginName(name)) throw misuse('name', 'the name of a plugin has letters, digits, ".", "_" and "-" only')
  if (!isVersion(version)) throw misuse('version', 'the version of a plugin is a semantic version: 1.0.0')
  if (description === '' || url === '') throw misuse('description', 'a plugin has a description and a url')
  const capabilities = [...(hasKeys(options) ? ['SIGNATURE_GENERATOR.RAW'] : []), ...(verifier?.capabilities ?? [])]
  if (capabilities.length === 0) throw misuse('keys', 'a plugin needs keys or a verifier')
  return { name, description, version, url, supportedContractVersions: [contractVersion], capabilities }
}

async function runIn(host: HostProcess, answer: NotationPlugin['answer']): Promise<void> {
  const release = holdBack(host)
  const input = await readAll(host.stdin)
  const { exitCode, output, errors } = input
    ? await answer(host.argv[2], input, { environment: host.env })
    : { exitCode: 1, output: new Uint8Array(), errors: encodeText(JSON.stringify(refusal('the request is too long'))) }
  const { stdout, stderr } = release()
  host.exitCode = exitCode
  await Promise.all([write(stdout, output), write(stderr, errors)])
  // Connections that a provider keeps open would keep Notation waiting.
  host.exit?.(exitCode)
}

/** Notation reads both streams as JSON: not a word of anybody else may get in between. */
function holdBack(host: HostProcess) {
  const streams = [host.stdout, host.stderr]
  const writers = streams.map((stream) => stream.write)
  for (const stream of streams)
    stream.write = (_bytes: unknown, ...rest: readonly unknown[]) => {
      for (const each of rest) if (typeof each === 'function') each()
      return true
    }
  host.removeAllListeners('warning')
  host.on('warning', () => undefined)
  return () => {
    const [stdout, stderr] = streams.map((stream, index) => writers[index]!.bind(stream))
    return { stdout: stdout!, stderr: stderr! }
  }
}

const write = (send: HostStream['write'], bytes: Uint8Array) =>
  new Promise<void>((resolve) => {
    if (bytes.length === 0) return resolve()
    send(bytes, () => resolve())
  })

async function readAll(input: HostProcess['stdin']): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? encodeText(chunk) : chunk
    size += bytes.length
    if (size > maxRequestBytes) return undefined
    chunks.push(bytes)
  }
  return concatBytes(...chunks)
}
