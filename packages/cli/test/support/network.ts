// SPDX-License-Identifier: Apache-2.0
// A proxy, and a registry with TLS under a name that only the proxy knows.
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { FakeAuthority } from '@ocisign/conformance/fake'
import { encodePem } from '@ocisign/core'

/** The name of the registry behind the proxy. */
export const hiddenName = 'registry.example.test'

export interface FakeProxy {
  readonly url: string
  /** `CONNECT host:port` or `GET url`, of requests that were let through. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

/** Starts a proxy that leads every name to one port; with a password, it lets in nobody else. */
export async function startProxy(port: number, password?: string): Promise<FakeProxy> {
  const requests: string[] = []
  const expected = password && `Basic ${Buffer.from(`me:${password}`).toString('base64')}`
  const isLetIn = ({ headers }: IncomingMessage) => !expected || headers['proxy-authorization'] === expected
  const server = createServer((incoming, response) => {
    if (!isLetIn(incoming)) {
      response.writeHead(407).end()
      return
    }
    requests.push(`${incoming.method} ${incoming.url}`)
    forward(incoming, response, port)
  })
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    if (!isLetIn(incoming)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    requests.push(`CONNECT ${incoming.url}`)
    const other = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      other.pipe(socket).pipe(other)
    })
    for (const each of [socket, other]) each.on('error', () => other.destroy())
  })
  const at = await listen(server)
  const user = password === undefined ? '' : `me:${password}@`
  return { url: `http://${user}127.0.0.1:${at}`, requests, close: () => close(server) }
}

/** Starts a server with a certificate for {@link hiddenName} that hands requests on to a port. */
export async function startSecure(
  authority: FakeAuthority,
  port: number,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const name = Buffer.from(hiddenName)
  const names = Uint8Array.of(0x30, name.length + 2, 0x82, name.length, ...name)
  const { chain, keyPem } = await authority.issue({
    subject: 'C=US,ST=WA,O=ocisign test,CN=registry',
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
    extensions: [{ oid: '2.5.29.17', critical: false, value: names }],
  })
  const cert = chain.map((der) => encodePem('CERTIFICATE', der)).join('')
  const server = createSecureServer({ key: keyPem, cert }, (incoming, response) => forward(incoming, response, port))
  return { port: await listen(server), close: () => close(server) }
}

function forward(incoming: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, headers, url = '/' } = incoming
  const path = url.startsWith('/') ? url : url.slice(new URL(url).origin.length)
  const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  incoming.pipe(onward)
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
