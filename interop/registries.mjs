// SPDX-License-Identifier: Apache-2.0
// Real registries on 127.0.0.1, each a process of its own that ends with ours.
// `docker-registry` has no Referrers API, so referrers are kept by the tag schema; the others have it.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'
import { issuer, service, startTokenServer } from './token-server.mjs'

const bin = fileURLToPath(new URL('./bin', import.meta.url))
const startMilliseconds = 20_000

/** Who may do everything where a registry asks; the hash is bcrypt's, of exactly this password. */
export const account = {
  username: 'interop',
  password: 'correct horse',
  hash: '$2b$05$o7z2he26GgxRkOi4A/.woOikzmGvO7nYqxVHPG3Kfqi21rxnFL0hO',
}

/** Every registry there is: how it is started, and what it is like. */
const kinds = {
  cuemem: { hasReferrersApi: true, command: ({ host }) => ['cuemem', host] },
  olareg: { hasReferrersApi: true, command: (at) => ['olareg', ...olaregFlags(at)] },
  'olareg-basic': {
    hasReferrersApi: true,
    auth: 'basic',
    command: (at) => ['olareg', ...olaregFlags(at), '--auth-basic', olaregUsers(at)],
  },
  'olareg-bearer': {
    hasReferrersApi: true,
    auth: 'bearer',
    command: (at) => {
      const tokens = ['--auth-token-opaque', olaregUsers(at), '--external-url', `http://${at.host}`]
      return ['olareg', ...olaregFlags(at), ...tokens]
    },
  },
  'docker-registry': { command: (at) => docker(at, {}) },
  'docker-registry-basic': {
    auth: 'basic',
    command: (at) => {
      const path = write(at, 'htpasswd', `${account.username}:${account.hash}\n`)
      return docker(at, { htpasswd: { realm: 'interop', path } })
    },
  },
  'docker-registry-bearer': {
    auth: 'bearer',
    command: (at) => {
      const token = { realm: at.tokens.url, service, issuer, rootcertbundle: at.material.leafPath }
      return docker(at, { token })
    },
  },
}

export const registryNames = Object.keys(kinds)

/**
 * Starts one of the registries, empty.
 * @param {string} name one of `registryNames`
 * @param {object} options
 * @param {string} options.directory a folder for what it keeps
 * @param {{ keyPath: string, leafPath: string }} [options.material] an RSA key, with which tokens for
 *   `docker-registry-bearer` are signed
 */
export async function startRegistry(name, { directory, material }) {
  const { command, auth, hasReferrersApi = false } = kinds[name]
  const folder = `${directory}/registry-${name}`
  mkdirSync(folder, { recursive: true })
  const tokens = name === 'docker-registry-bearer' ? await startTokenServer({ material, ...account }) : undefined
  const host = `127.0.0.1:${await freePort()}`
  const [program, ...parameters] = command({ name, folder, host, material, tokens })
  const isBuilt = !program.includes('/')
  if (isBuilt) build([program])
  const running = await startProgram(name, isBuilt ? `${bin}/${program}` : program, parameters, host)
  return {
    name,
    host,
    auth,
    hasReferrersApi,
    tokens,
    credentials: auth && { username: account.username, password: account.password },
    pid: running.pid,
    async stop() {
      await running.stop()
      await tokens?.stop()
    },
  }
}

/** Debian's program, or else the same project's next version, built from its source. */
function findDockerRegistry() {
  const { stdout } = spawnSync('sh', ['-c', 'command -v docker-registry'], { encoding: 'utf8' })
  if (stdout.trim() !== '') return stdout.trim()
  build(['distribution'])
  return `${bin}/distribution`
}

function docker(at, auth) {
  const configuration = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: `${at.folder}/data` }, delete: { enabled: true } },
    http: { addr: at.host },
    ...(Object.keys(auth).length > 0 && { auth }),
  }
  // JSON is YAML.
  return [findDockerRegistry(), 'serve', write(at, 'config.yml', JSON.stringify(configuration))]
}

const olaregFlags = ({ host }) => {
  const [address, port] = host.split(':')
  return ['serve', '--addr', address, '--port', port, '--store-type', 'mem', '--api-delete']
}

function olaregUsers(at) {
  const users = { [account.username]: { cred: account.hash } }
  const acls = [
    { repo: '*', members: ['admin'], access: ['read', 'write', 'delete'] },
    { repo: '', members: ['admin'], access: ['read'] },
  ]
  return write(at, 'users.yml', JSON.stringify({ users, groups: { admin: { members: [account.username] } }, acls }))
}

function write({ folder }, file, content) {
  writeFileSync(`${folder}/${file}`, content)
  return `${folder}/${file}`
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Resolves once it answers; it is ended when this process ends, however that ends. */
async function startProgram(name, program, parameters, host) {
  if (!existsSync(program)) throw new Error(`${name}: ${program} is not there`)
  const child = spawn(program, parameters, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH } })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-2000)
  })
  let ended = false
  const exited = new Promise((resolve) => {
    child.on('error', resolve)
    child.on('exit', resolve)
  }).then(() => {
    ended = true
  })
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    child.kill('SIGTERM')
    const timer = setTimeout(kill, 3000)
    await exited
    clearTimeout(timer)
  }
  const until = Date.now() + startMilliseconds
  while (!(await answers(host))) {
    if (ended || Date.now() > until) {
      await stop()
      throw new Error(`${name} does not start: ${said.trim()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { pid: child.pid, stop }
}

async function answers(host) {
  try {
    const response = await fetch(`http://${host}/v2/`)
    await response.body?.cancel()
    return [200, 401].includes(response.status)
  } catch {
    return false
  }
}
