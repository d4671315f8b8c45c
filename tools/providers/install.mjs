// SPDX-License-Identifier: Apache-2.0
// What the services need, downloaded once into .cache; whatever is missing is said in one line.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from '../lib/workspace.mjs'

const cache = join(workspaceRoot, '.cache/providers')

/** Says what is not on this machine, and is neither our fault nor the service's. */
const missing = (message) => Object.assign(new Error(message), { isMissing: true })

/** Runs a program to its end; `what` says what it was for when it fails. */
function run(what, program, parameters, options = {}) {
  try {
    return execFileSync(program, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options })
  } catch (error) {
    if (error.code === 'ENOENT') throw missing(`${what}: ${program} is not installed`)
    const reason = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .slice(-3)
      .join('; ')
    throw missing(`${what}: ${reason}`)
  }
}

/** Makes something once for each version of it; what an earlier run left half-made is made anew. */
function once(folder, stamp, make) {
  const directory = join(cache, folder)
  const stampFile = join(directory, '.stamp')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return directory
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  make(directory)
  writeFileSync(stampFile, stamp)
  return directory
}

/**
 * A virtual environment with exactly these packages of PyPI.
 * @param {string} name
 * @param {string[]} requirements
 * @returns {string} its folder of programs
 */
export function installPython(name, requirements) {
  const directory = once(`python-${name}`, requirements.join('\n'), (folder) => {
    run('Python 3 with venv is needed', 'python3', ['-m', 'venv', folder])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements]
    run(`pip install ${requirements.join(' ')}`, join(folder, 'bin/python'), pip)
  })
  return join(directory, 'bin')
}

const softhsmLibraries = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
]

/** The library of SoftHSM 2; its programs and OpenSC's are there, too. */
export function installSofthsm() {
  const find = () => softhsmLibraries.find((path) => existsSync(path))
  const isThere = (program) => {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }
  const isComplete = () => find() !== undefined && isThere('softhsm2-util') && isThere('pkcs11-tool')
  if (!isComplete() && process.getuid?.() === 0 && isThere('apt-get')) {
    const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
    const install = () =>
      run('apt-get install', 'apt-get', ['install', '-y', '--no-install-recommends', 'softhsm2', 'opensc'], environment)
    try {
      install()
    } catch {
      run('apt-get update', 'apt-get', ['update'], environment)
      install()
    }
  }
  if (!isComplete()) throw missing('SoftHSM 2 and OpenSC are not installed: apt-get install -y softhsm2 opensc')
  return find()
}

/**
 * `pkcs11js`, compiled, with the built provider beside it, as somebody who uses both has them.
 * @returns {string} the folder of its modules
 */
export function installPkcs11js(version) {
  const directory = once('pkcs11js', `${version} ${process.version}`, (folder) => {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--save-exact']
    run('npm install pkcs11js', 'npm', ['install', ...quiet, `pkcs11js@${version}`], { cwd: folder })
    run('compiling pkcs11js needs a C++ compiler, make and Python', 'npm', ['rebuild', 'pkcs11js'], { cwd: folder })
    if (!existsSync(join(folder, 'node_modules/pkcs11js/build/Release/pkcs11.node')))
      throw missing('pkcs11js was not compiled: npm did not run its script')
  })
  const modules = join(directory, 'node_modules')
  // A copy, because what a package imports is looked for beside where it really is.
  const scope = join(modules, '@ocisign')
  rmSync(scope, { recursive: true, force: true })
  mkdirSync(scope)
  const built = join(workspaceRoot, 'packages/provider-pkcs11')
  for (const part of ['dist', 'package.json'])
    cpSync(join(built, part), join(scope, 'provider-pkcs11', part), { recursive: true })
  symlinkSync(realpathSync(join(workspaceRoot, 'packages/core')), join(scope, 'core'))
  return modules
}
