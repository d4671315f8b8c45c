// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { writeConfiguration } from './configuration.mjs'
import { makeLayout } from './layout.mjs'
import { notation } from './notation.mjs'
import { createOras } from './oras.mjs'
import { startRegistry } from './registries.mjs'

export const algorithms = ['p256', 'p384', 'p521', 'rsa2048', 'rsa3072', 'rsa4096']
export const formats = ['jws', 'cose']
export const mediaTypes = { jws: 'application/jose+json', cose: 'application/cose' }
export const scope = 'local/interop'

/**
 * What every case works with: fresh folders, keys made by Go, both verifiers.
 * @param {{ directory: string, ours: object, go: object, goBlob: object }} parts
 */
export function createContext({ directory, ours, go, goBlob }) {
  const chains = new Map()
  const registries = new Map()
  let folders = 0
  const folder = (name = 'folder') => {
    const path = `${directory}/${++folders}/${name}`
    mkdirSync(path, { recursive: true })
    return path
  }

  const start = async (name) =>
    startRegistry(name, { directory: folder(), material: await context.chain('rsa2048', 1) })

  const context = {
    ours,
    go,
    goBlob,
    folder,
    oras: createOras(directory),
    /** A key and its certificates, made once for each kind. */
    chain(algorithm = 'p256', length = 3, odd = '') {
      const name = `${algorithm}-${length}${odd && `-${odd}`}`
      if (!chains.has(name)) {
        const outDir = `${directory}/chains/${name}`
        chains.set(name, go.ask({ op: 'makeChain', algorithm, length, odd, outDir }))
      }
      return chains.get(name)
    },
    /** One of the registries of registries.mjs, started when it is first asked for. */
    registry(name) {
      if (!registries.has(name)) registries.set(name, start(name))
      return registries.get(name)
    },
    /** A repository that nobody has used yet. */
    newRepository({ host }) {
      return `${host}/interop/case-${++folders}`
    },
    async close() {
      const started = await Promise.allSettled(registries.values())
      await Promise.all(started.map(({ value }) => value?.stop()))
    },
    /** A layout with one artifact, tagged v1. */
    layout() {
      const path = folder('layout')
      return { path, reference: `${path}:v1`, subject: makeLayout(path) }
    },
    /** A configuration directory that notation takes, too. */
    configuration(content) {
      const path = folder('notation')
      writeConfiguration(path, content)
      return path
    },
    trusting({ rootPath }, more = {}) {
      return context.configuration({ roots: { 'ca:interop': [rootPath] }, ...more })
    },
    /** What notation-go says about `v1` of a layout. */
    reference(path, configDir, more = {}) {
      return go.ask({ op: 'verify', layout: path, reference: 'v1', configDir, scope, lister: 'specification', ...more })
    },
    notationVerify(path, configDir, parameters = []) {
      return notation(configDir, ['verify', '--oci-layout', '--scope', scope, ...parameters, `${path}:v1`])
    },
    /** Both must give this answer, for the same reasons. */
    async agree(path, configDir, { ok, failedChecks }, { metadata = {}, scope: as = scope } = {}) {
      const theirs = await context.reference(path, configDir, { userMetadata: metadata, scope: as })
      const mine = await ours.verify(`${path}:v1`, { configDir, scope: as, metadata })
      requireVerdict('notation-go', theirs, { ok, failedChecks })
      requireVerdict('ocisign', mine, { ok, failedChecks })
      return { theirs, mine }
    },
  }
  return context
}

/** Throws unless a verdict is the expected one; the message says who said what. */
export function requireVerdict(who, verdict, { ok, failedChecks }) {
  assert.ok(verdict, `${who} gave no verdict`)
  const why = verdict.error ? ` (${verdict.error})` : ''
  assert.equal(verdict.ok, ok, `${who} ${verdict.ok ? 'accepts' : `refuses${why}`}`)
  if (failedChecks) assert.deepEqual(verdict.failedChecks, failedChecks, `${who} fails ${verdict.failedChecks}${why}`)
}

/** Throws unless a program ended well. */
export function requireSuccess(who, { status, stdout, stderr }) {
  assert.equal(status, 0, `${who} exits with ${status}: ${(stderr || stdout).trim()}`)
}

/** Throws unless one of the Go programs signed. */
export function requireSigned(answer) {
  assert.equal(answer.ok, true, `the reference does not sign: ${answer.error}`)
}
