// SPDX-License-Identifier: Apache-2.0
// Builds the Go programs that judge this project, into interop/bin; what is already built from the same sources stays.
// `node interop/build.mjs [NAME…]`: by default all that are always needed. Needs Go 1.25 or newer, and its module proxy
// the first time.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const bin = `${root}interop/bin`

/** Programs of ours are built from `sources`; those of others at an exact version, in a scratch module. */
const programs = {
  'notation-go': { sources: ['interop/notation-go', 'interop/protocol'] },
  'notation-go-blob': { sources: ['interop/notation-go-blob', 'interop/protocol'] },
  'notation-go-bench': { sources: ['bench/go', 'interop/protocol'] },
  'plugin-go': { sources: ['interop/plugin-go'] },
  notation: { module: 'github.com/notaryproject/notation', version: 'v1.3.2', folder: 'cmd/notation' },
  oras: { module: 'oras.land/oras', version: 'v1.3.3', folder: 'cmd/oras' },
  cuemem: { sources: ['interop/cuemem'] },
  olareg: { module: 'github.com/olareg/olareg', version: 'v0.2.2', folder: 'cmd/olareg' },
  // The next version of Debian's docker-registry, for where that is not at hand: it takes a while to build.
  distribution: {
    module: 'github.com/distribution/distribution/v3',
    version: 'v3.1.2',
    folder: 'cmd/registry',
    onRequest: true,
  },
}

const everyDay = Object.keys(programs).filter((name) => !programs[name].onRequest)
const environment = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' }

/**
 * Builds the named programs (by default all that are always needed) unless they are up to date.
 * @param {string[]} [names]
 * @returns {string[]} the names of those that were built anew
 */
export function build(names = everyDay) {
  const unknown = names.filter((name) => !Object.hasOwn(programs, name))
  if (unknown.length > 0) throw new Error(`unknown program ${unknown.join(', ')}: ${Object.keys(programs).join(', ')}`)
  mkdirSync(bin, { recursive: true })
  const version = goVersion()
  return names.filter((name) => {
    const stamp = stampOf(programs[name], version)
    const stampFile = `${bin}/${name}.stamp`
    if (existsSync(`${bin}/${name}`) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return false
    const output = `${bin}/.${name}.${process.pid}`
    if (programs[name].sources) buildOwn(programs[name], output)
    else buildOther(name, programs[name], output)
    renameSync(output, `${bin}/${name}`)
    writeFileSync(stampFile, stamp)
    return true
  })
}

function goVersion() {
  try {
    return execFileSync('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { env: environment, encoding: 'utf8' })
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error('Go is not installed, or not on PATH: see https://go.dev/doc/install')
    throw error
  }
}

function stampOf({ sources, module, version, folder }, goVersion) {
  const hash = createHash('sha256').update(goVersion)
  if (!sources) return hash.update(`${module}@${version}/${folder}`).digest('hex')
  for (const source of sources) {
    for (const name of readdirSync(`${root}${source}`).sort()) {
      if (/\.go$|^go\.(mod|sum)$/.test(name))
        hash.update(`${source}/${name}\0`).update(readFileSync(`${root}${source}/${name}`))
    }
  }
  return hash.digest('hex')
}

function buildOwn({ sources: [source] }, output) {
  go(`${root}${source}`, 'build', '-trimpath', '-o', output, '.')
}

function buildOther(name, { module, version, folder }, output) {
  const scratch = `${root}interop/work/build-${name}`
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  go(scratch, 'mod', 'init', `scratch/${name}`)
  go(scratch, 'get', `${module}@${version}`)
  // -mod=mod lets the build add the checksums that `go get` of a module leaves out.
  go(scratch, 'build', '-mod=mod', '-trimpath', '-ldflags=-s -w', '-o', output, `${module}/${folder}`)
  rmSync(scratch, { recursive: true, force: true })
}

function go(cwd, ...parameters) {
  try {
    execFileSync('go', parameters, { cwd, env: environment, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  } catch (error) {
    const reason = String(error.stderr ?? error.message)
      .trim()
      .split('\n')
      .slice(-5)
      .join('; ')
    throw new Error(`go ${parameters[0]} failed in ${cwd.slice(root.length)}: ${reason}`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const names = process.argv.slice(2)
    const built = build(names.length > 0 ? names : undefined)
    console.log(built.length > 0 ? `built ${built.join(', ')}` : 'up to date')
  } catch (error) {
    console.error(`interop: ${error.message}`)
    process.exitCode = 1
  }
}
