// SPDX-License-Identifier: Apache-2.0
// What the person at the command line may do about an error of a registry.
import { type ErrorCode, isOcisignError, type OcisignError, printable } from '@ocisign/core'

const maxErrors = 100

/** The error of one of these codes, among an error, what caused it, and the refusals it sums up. */
function findError(error: unknown, codes: readonly ErrorCode[]): OcisignError | undefined {
  const open: unknown[] = [error]
  for (let seen = 0; open.length > 0 && seen < maxErrors; seen++) {
    const next = open.shift()
    if (!(next instanceof Error)) continue
    if (isOcisignError(next)) {
      if (codes.includes(next.code)) return next
      const { refusals } = next.details as { readonly refusals?: readonly { readonly error: unknown }[] }
      open.push(...(refusals ?? []).map((refusal) => refusal.error))
    }
    open.push(next.cause)
  }
  return undefined
}

/** What is known of the registries of a run. */
export interface Surroundings {
  /** Where the credential of each host came from. */
  readonly origins: ReadonlyMap<string, string>
  readonly hosts: ReadonlySet<string>
}

/** Says which credential was refused and how to give another, or with whom to look for what is wrong. */
export function adviseOn(error: unknown, { origins, hosts }: Surroundings): string | undefined {
  const denied = findError(error, ['DENIED_CREDENTIALS', 'DENIED_REPOSITORY'])
  if (denied) {
    const { host: api } = denied.details as { readonly host: string }
    const host = printable(api === 'registry-1.docker.io' ? 'docker.io' : api)
    const origin = origins.get(host)
    if (origin === undefined) return `ocisign login ${host} keeps credentials for it`
    return `the credential is from ${origin}; ocisign login ${host} keeps another`
  }
  const unreachable = findError(error, ['UNAVAILABLE_HOST'])
  if (!unreachable) {
    // Whoever exchanged, damaged or cut off content is there, or on the way.
    const few = hosts.size > 0 && hosts.size <= 2 && findError(error, ['INVALID_CONTENT', 'UNAVAILABLE_CONTENT'])
    return few ? `look between here and ${printable([...hosts].join(', '))}` : undefined
  }
  const { host } = unreachable.details as { readonly host: string }
  // What comes first; whoever has answered that is spoken to in the right way.
  const isFirst = /could not (?:find manifest|list|open) .*connection/.test(unreachable.message)
  if (/^(?:localhost|127\.|\[::1\])/.test(host) && isFirst)
    return 'registries on this machine are spoken to by plain http; if it is one with TLS, give --ca-file'
  return hasProxy() ? 'the way there is through the proxy of HTTPS_PROXY or HTTP_PROXY' : undefined
}

const hasProxy = () => ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].some((name) => process.env[name])
