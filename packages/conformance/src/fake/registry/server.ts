// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { concatBytes, encodePem } from '@ocisign/core'
import type { FakeAuthority } from '../ca.js'

/** A server that listens. */
export interface Listening {
  readonly port: number
  /** Scheme, host and port. */
  readonly origin: string
  close(): Promise<void>
}

/** Serves on a port that is free. */
export async function listen(
  address: string,
  tls: FakeAuthority | undefined,
  listener: RequestListener,
): Promise<Listening> {
  const server = tls ? createSecureServer(await serverKeys(tls), listener) : createServer(listener)
  // Connections end when a test says so, not because a machine is slow.
  Object.assign(server, { keepAliveTimeout: 120_000, requestTimeout: 0, headersTimeout: 0, timeout: 0 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, resolve)
  })
  const { port } = server.address() as AddressInfo
  const host = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  return { port, origin: `${tls ? 'https' : 'http'}://${host}`, close: () => close(server) }
}

const close = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

async function serverKeys(authority: FakeAuthority) {
  const { chain, keyPem } = await authority.issue({
    subject: 'C=US,ST=WA,O=ocisign test,CN=fake registry',
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
    extensions: [{ oid: '2.5.29.17', critical: false, value: alternativeNames() }],
  })
  return { key: keyPem, cert: chain.map((der) => encodePem('CERTIFICATE', der)).join('') }
}

/** `localhost` and the loopback addresses (RFC 5280, section 4.2.1.6). */
function alternativeNames(): Uint8Array {
  const name = (tag: number, bytes: readonly number[]) => Uint8Array.of(tag, bytes.length, ...bytes)
  const content = concatBytes(
    name(0x82, [...new TextEncoder().encode('localhost')]),
    name(0x87, [127, 0, 0, 1]),
    name(0x87, [...new Uint8Array(15), 1]),
  )
  return concatBytes(Uint8Array.of(0x30, content.length), content)
}

/** The body of a request; undefined where it never ends. */
export async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Uint8Array)
  } catch {
    return undefined
  }
  return concatBytes(...chunks)
}
