// SPDX-License-Identifier: Apache-2.0
// Gets a plugin from where somebody offers it; what came is for its checksum to prove.
import { basename } from 'node:path/posix'
import { type CallOptions, isOcisignError, printable } from '@ocisign/core'
import { misuse, unavailablePlugin } from '../errors.js'
import { maxInstallBytes, type PluginFile } from './archive.js'

/** How a plugin is fetched. */
export interface DownloadOptions extends CallOptions {
  /** The platform's by default, which knows no proxies. It is asked not to follow redirects. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Told now and then. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined
}

/** How far a download has come. */
export interface DownloadProgress {
  readonly bytes: number
  /** Where the server says so. */
  readonly totalBytes?: number | undefined
}

const maxRedirects = 10
/** As long as Notation waits, too. */
const maxMilliseconds = 10 * 60_000

/** Tells whether something to install is to be downloaded. */
export const isUrl = (source: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(source)

/** Reads where a plugin is to be downloaded from. @throws MISUSE_OPTION */
export function parsePluginUrl(source: string): URL {
  const url = URL.canParse(source) ? new URL(source) : undefined
  if (url?.protocol !== 'https:') throw misuse('source', 'plugins are downloaded by https only: https://HOST/PATH')
  if (url.username !== '' || url.password !== '')
    throw misuse('source', 'there is a password in the URL of the plugin; it would not be sent')
  return url
}

/**
 * Downloads a file by https, with every redirect. It is kept in memory, and so nothing is left behind.
 * @throws UNAVAILABLE_PLUGIN | the signal's reason
 */
export async function download(
  start: URL,
  { fetch: ask = globalThis.fetch, onProgress, signal }: DownloadOptions,
): Promise<PluginFile> {
  let url = start
  const name = basename(url.pathname) || url.hostname
  const deadline = AbortSignal.timeout(maxMilliseconds)
  const both = signal ? AbortSignal.any([signal, deadline]) : deadline
  const unavailable = (why: string, retryable: boolean, cause?: unknown) =>
    unavailablePlugin(name, `could not be downloaded: ${why}`, { retryable, cause })
  try {
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const headers = { accept: '*/*', 'accept-encoding': 'identity' }
      const response = await ask(url.href, { redirect: 'manual', headers, signal: both })
      const reader = response.body?.getReader()
      if (response.status === 200 && reader) {
        const totalBytes = Number(response.headers.get('content-length')) || undefined
        const bytes = await readAll(reader, (size) => {
          if (size >= maxInstallBytes)
            throw unavailable(`it is larger than ${maxInstallBytes / 1024 / 1024} MiB`, false)
          onProgress?.({ bytes: size, totalBytes })
        })
        // Whoever names a single file, and what is in it, means to run it.
        return { name, mode: 0o755, bytes }
      }
      await reader?.cancel()
      const location = response.headers.get('location')
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null)
        throw unavailable(`${show(url)} answers with ${response.status}`, response.status >= 500)
      const next = URL.canParse(location, url) ? new URL(location, url) : undefined
      if (next?.protocol !== 'https:') throw unavailable(`${show(url)} leads to where there is no https`, false)
      url = next
    }
    throw unavailable(`it is redirected more than ${maxRedirects} times`, false)
  } catch (error) {
    signal?.throwIfAborted()
    if (isOcisignError(error)) throw error
    if (deadline.aborted) throw unavailable(`not done within ${maxMilliseconds / 60_000} minutes`, true)
    throw unavailable(`${show(url)} cannot be reached (${reasonOf(error)})`, true, error)
  }
}

/** Without what may be a secret. */
const show = ({ origin, pathname }: URL) => printable(`${origin}${pathname}`, 300)

function reasonOf(error: unknown): string {
  const { cause, code, name } = error as { readonly cause?: unknown; readonly code?: unknown; readonly name?: string }
  const inner = (cause as { readonly code?: unknown } | undefined)?.code
  return printable(String(inner ?? code ?? name ?? 'unexpected error'), 100)
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

async function readAll(reader: Reader, onSize: (size: number) => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const chunk = next.value ?? new Uint8Array()
      size += chunk.length
      onSize(size)
      chunks.push(chunk)
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined)
    throw error
  }
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  return whole
}
