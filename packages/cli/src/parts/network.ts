// SPDX-License-Identifier: Apache-2.0
// Requests as the command line and the environment say: through a proxy, or to hosts whose authority only --ca-file
// knows. Node's own fetch can do neither.
import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import * as tls from 'node:tls'
import { OcisignError } from '@ocisign/core'
import { createDispatcherFetch, type Dispatcher } from '@ocisign/registry/node'
import { Agent, EnvHttpProxyAgent } from 'undici'

/** What the environment and the command line say about the way to a host. */
export interface Network {
  /** Certificates of authorities, PEM, beside those of the system. */
  readonly authorities?: readonly string[] | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Addresses of storage and tokens are long, and undici reads 16 KiB of all headers together unless it is told more. */
const maxHeaderSize = 64 * 1024

/**
 * Makes a `fetch` that honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY, each for its own scheme as curl and Docker do, and
 * trusts these authorities too.
 * @throws MISUSE_OPTION
 */
export function createNetworkFetch({ authorities, env }: Network): typeof globalThis.fetch {
  const tlsOptions = authorities && { ca: [...systemAuthorities(env), ...authorities] }
  const direct = new Agent({ maxHeaderSize, ...(tlsOptions && { connect: tlsOptions }) })
  const proxies = {
    'http:': parseProxy(env.http_proxy ?? env.HTTP_PROXY, 'HTTP_PROXY'),
    'https:': parseProxy(env.https_proxy ?? env.HTTPS_PROXY, 'HTTPS_PROXY'),
  }
  if (proxies['http:'] === undefined && proxies['https:'] === undefined) return createDispatcherFetch(direct)
  const proxied: Dispatcher = createProxied(proxies, tlsOptions)
  const isException = createExceptions(env.no_proxy ?? env.NO_PROXY ?? '')
  return createDispatcherFetch({
    dispatch(options, handler) {
      const { hostname, protocol } = new URL(options.origin)
      const isProxied = proxies[protocol as keyof typeof proxies] !== undefined && !isException(hostname)
      return (isProxied ? proxied : direct).dispatch(options, handler)
    },
  })
}

type Proxies = Readonly<Record<'http:' | 'https:', string | undefined>>

function createProxied(proxies: Proxies, tlsOptions: { readonly ca: string[] } | undefined): EnvHttpProxyAgent {
  return new EnvHttpProxyAgent({
    maxHeaderSize,
    httpProxy: proxies['http:'] ?? '',
    httpsProxy: proxies['https:'] ?? '',
    // Plain requests are handed to the proxy, not tunnelled: many refuse tunnels but to port 443.
    proxyTunnel: false,
    ...(tlsOptions && { connect: tlsOptions, requestTls: tlsOptions, proxyTls: tlsOptions }),
  })
}

/** The proxy that a variable names, a scheme put before it where there is none. */
function parseProxy(text: string | undefined, option: string): string | undefined {
  if (!text) return undefined
  const url = text.includes('://') ? text : `http://${text}`
  if (/^(?:https?|socks5?):\/\/./.test(url) && URL.canParse(url)) return url
  // What stands there may hold a password: it is not shown.
  throw new OcisignError('MISUSE_OPTION', `${option} names no proxy; write http://host:port`, { option })
}

/** This machine is never behind a proxy, and networks in NO_PROXY (`10.0.0.0/8`) are what undici does not know. */
function createExceptions(noProxy: string): (hostname: string) => boolean {
  const networks = new BlockList()
  networks.addSubnet('127.0.0.0', 8)
  networks.addAddress('::1', 'ipv6')
  for (const entry of noProxy.split(/[\s,]+/)) {
    const [address = '', bits = '', more] = entry.split('/')
    const family = isIP(address)
    if (family === 0 || more !== undefined || !/^[0-9]{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
      continue
    networks.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  }
  return (hostname) => {
    const name = hostname.replace(/^\[|\]$/g, '')
    const family = isIP(name)
    if (family === 0) return name === 'localhost' || name.endsWith('.localhost')
    return networks.check(name, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/** Those that Node would use by itself: naming any puts its own list aside. */
function systemAuthorities(env: Network['env']): readonly string[] {
  // Newer versions of Node say it themselves.
  const { getCACertificates } = tls as { readonly getCACertificates?: (type: 'default') => readonly string[] }
  if (getCACertificates) return getCACertificates('default')
  const extra = env.NODE_EXTRA_CA_CERTS
  try {
    return extra ? [...tls.rootCertificates, readFileSync(extra, 'utf8')] : tls.rootCertificates
  } catch {
    // Node goes on without it, too, and says so itself.
    return tls.rootCertificates
  }
}
