// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import type { FakeRequest } from './answer.js'
import type { FaultKind, FaultOptions, Misbehaviour } from './misbehaviour.js'

const wrongDigest = `sha256:${'0123456789abcdef'.repeat(4)}`
const refuse = (status: number, more = {}) => [{ kind: 'status', status, ...more }] as const

/** What each kind is. No delay is above 50 milliseconds. */
const faults: Readonly<Record<FaultKind, readonly Misbehaviour[]>> = {
  'too many requests': refuse(429, { retryAfter: 0 }),
  'internal error': refuse(500),
  'bad gateway': refuse(502, { body: '<html>bad gateway</html>' }),
  unavailable: refuse(503, { retryAfter: 0 }),
  'timed out': refuse(504),
  unauthorized: refuse(401),
  forbidden: refuse(403, { code: 'DENIED' }),
  'lost before': [{ kind: 'reset', at: 'request' }],
  'lost after': [{ kind: 'reset', at: 'answer' }],
  'lost in the headers': [{ kind: 'reset', at: 'headers' }],
  'lost in the body': [{ kind: 'reset', at: 'body' }],
  truncated: [{ kind: 'truncate', bytes: 20 }],
  longer: [{ kind: 'longer', bytes: 10, stated: true }],
  chunked: [{ kind: 'chunked' }],
  compressed: [{ kind: 'gzip' }],
  slow: [{ kind: 'slow', bytes: 400, milliseconds: 5 }],
  late: [{ kind: 'delay', milliseconds: 50 }],
  'other body': [{ kind: 'body', body: (bytes) => bytes.map((byte, index) => (index === 9 ? byte ^ 1 : byte)) }],
  'other digest': [{ kind: 'headers', headers: { 'docker-content-digest': wrongDigest } }],
  'no digest': [{ kind: 'headers', headers: { 'docker-content-digest': undefined } }],
  'not JSON': [{ kind: 'body', body: '<html>hello</html>' }],
  'no list': [{ kind: 'body', body: '{"schemaVersion":2,"manifests":null,"tags":null}' }],
  'lying filter': [{ kind: 'headers', headers: { 'oci-filters-applied': 'artifactType' } }],
  'redirect loop': [{ kind: 'redirect', to: 'itself' }],
  'redirect elsewhere': [{ kind: 'redirect', to: 'elsewhere' }],
  'page of its own': [{ kind: 'link', to: 'itself' }],
}

/** Every kind of fault. */
export const faultKinds = Object.keys(faults) as readonly FaultKind[]

/** Lists alone have pages. */
const forLists: readonly FaultKind[] = ['no list', 'lying filter', 'page of its own']
/** HEAD has no body, and nobody can tell that what it says of one is wrong. */
const forBodies: readonly FaultKind[] = ['truncated', 'longer', 'other body', 'not JSON', 'lost in the body', 'slow']

/**
 * What goes wrong with the nth request of its method and address. Chance comes from these alone, so that it is the same
 * in whatever order requests arrive.
 */
export function faultFor({ rate, seed, kinds = faultKinds }: FaultOptions, request: FakeRequest, nth: number) {
  const { method, path, query } = request
  const hash = createHash('sha256').update(`${seed} ${method} ${path}?${query} ${nth}`).digest()
  if (hash.readUInt32BE(0) / 2 ** 32 >= rate) return undefined
  const isList = /\/(referrers\/|tags\/list$)/.test(path)
  const isHead = method === 'HEAD'
  // What a tag points at is what the registry says: without the body, no digest is another than it should be.
  const isWord = isHead && !/sha\d{3}:[0-9a-f]+$/.test(path)
  const usable = kinds.filter(
    (kind) =>
      (isList || !forLists.includes(kind)) &&
      !(isHead && forBodies.includes(kind)) &&
      !(isWord && kind === 'other digest'),
  )
  const kind = usable[hash.readUInt32BE(4) % usable.length]
  return kind && { kind, hows: faults[kind] }
}
