// SPDX-License-Identifier: Apache-2.0
// Compiling a command takes half of its time, so the build keeps what V8 made of it, see make-code-cache.mjs. It is
// used only by the very V8 that made it and for the very source; anywhere else the source is compiled as ever.
import { readFileSync } from 'node:fs'
import { Script } from 'node:vm'

/** Bytes of the fingerprint that a cache begins with. */
const fingerprintBytes = 32

/** The source of a module, as a script that evaluates to a function; where the cached code fits, with that. */
export function compile(path: string, source: string, cachedData?: Buffer): Script {
  // One line, so that positions in stack traces stay right.
  const wrapped = `(function (exports, require, module) { ${source}\n})`
  return new Script(wrapped, { filename: path, ...(cachedData && { cachedData }) })
}

/** Says for whom and from what code was made. */
export function fingerprintOf(source: string, code: Buffer): Buffer {
  const { arch, platform, versions } = process
  // Commands without a cache need not load it.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(`${versions.v8} ${arch} ${platform}\n${source}`).update(code).digest()
}

/** Evaluates a module with its cached code; undefined where there is none that fits. */
export function loadWithCode(path: string, require: NodeJS.Require): unknown {
  let cache: Buffer
  try {
    cache = readFileSync(`${path}.cache`)
  } catch {
    return undefined
  }
  const source = readFileSync(path, 'utf8')
  const code = cache.subarray(fingerprintBytes)
  if (!cache.subarray(0, fingerprintBytes).equals(fingerprintOf(source, code))) return undefined
  return evaluate(compile(path, source, code), require)
}

/** Runs a compiled module and returns what it exports. */
export function evaluate(script: Script, require: NodeJS.Require): unknown {
  const module = { exports: {} }
  script.runInThisContext()(module.exports, require, module)
  return module.exports
}
