// SPDX-License-Identifier: Apache-2.0
// The last step of the build. V8 compiles a function when it is first called, after having skipped over it once; one
// in parentheses it compiles at once. So `verify` runs once, and what it called is put into parentheses: plain
// JavaScript as before, which starts a tenth quicker.
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  cose,
  createNotarySigner,
  digestBytes,
  encodePem,
  jws,
  mediaTypes,
  signArtifact,
  withCertificates,
} from '@ocisign/core'
import { openLayout } from '@ocisign/layout'
import { createTestChain } from '@ocisign/provider-local'

const program = fileURLToPath(new URL('dist/main.js', import.meta.url))
const bundle = fileURLToPath(new URL('dist/commands/verify.js', import.meta.url))

/** Makes a layout with a signature that is refused and one that is accepted, and a configuration; returns the arguments. */
async function prepare(folder) {
  const layout = await openLayout(join(folder, 'layout'), { create: true })
  const bytes = new TextEncoder().encode('{"schemaVersion":2,"layers":[]}')
  const image = { mediaType: mediaTypes.imageManifest, digest: await digestBytes(bytes), size: bytes.length }
  await layout.push(image, bytes)
  await layout.tag(image, 'v1')
  const store = join(folder, 'truststore/x509/ca/acme')
  await mkdir(store, { recursive: true })
  for (const format of [cose, jws]) {
    const { key, chain } = await createTestChain({ length: 3 })
    await signArtifact(layout, 'v1', createNotarySigner({ key: withCertificates(key, chain), format }))
    await writeFile(join(store, 'root.pem'), encodePem('CERTIFICATE', chain.at(-1)))
  }
  const policy = {
    name: 'ours',
    registryScopes: ['local/app'],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities: ['x509.subject: C=US, ST=WA, O=ocisign test'],
  }
  await writeFile(join(folder, 'trustpolicy.json'), JSON.stringify({ version: '1.0', trustPolicies: [policy] }))
  return ['--oci-layout', '--config-dir', folder, '--scope', 'local/app', `${layout.path}:v1`]
}

/** Where the functions of the bundle begin and end, each with whether it was called. */
async function findFunctions(folder) {
  const coverage = join(folder, 'coverage')
  const env = { ...process.env, NODE_V8_COVERAGE: coverage }
  const ran = spawnSync(process.execPath, [program, 'verify', ...(await prepare(folder))], { env, encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`verify ended with ${ran.status}: ${ran.stderr}`)
  const [file] = await readdir(coverage)
  const { result } = JSON.parse(await readFile(join(coverage, file), 'utf8'))
  const { functions } = result.find(({ url }) => url.endsWith('dist/commands/verify.js'))
  return functions.map(({ ranges: [{ startOffset, endOffset, count }] }) => ({
    startOffset,
    endOffset,
    called: count > 0,
  }))
}

/** Moves the declarations that were called to the beginning, as expressions in parentheses. */
function compileAtOnce(text, functions) {
  const strict = '"use strict";'
  const expressions = []
  const rest = []
  let end = 0
  let outerEnd = 0
  for (const { startOffset, endOffset, called } of functions.sort((a, b) => a.startOffset - b.startOffset)) {
    // The module itself is a function, too.
    if (endOffset - startOffset === text.length) continue
    const isNested = startOffset < outerEnd
    outerEnd = Math.max(outerEnd, endOffset)
    const declared = text.slice(startOffset, endOffset)
    const name = /^(?:async )?function\*? ?([\w$]+)\(/.exec(declared)?.[1]
    if (isNested || !called || name === undefined || !/[;}\n]$/.test(text.slice(0, startOffset))) continue
    expressions.push(`var ${name}=(${declared});\n`)
    rest.push(text.slice(end, startOffset))
    end = endOffset
  }
  if (!text.startsWith(strict) || expressions.length < 100) throw new Error('the bundle is not as it used to be')
  return `${strict}\n${expressions.join('')}${[...rest, text.slice(end)].join('').slice(strict.length)}`
}

const folder = await mkdtemp(join(tmpdir(), 'ocisign-build-'))
try {
  const functions = await findFunctions(folder)
  await writeFile(bundle, compileAtOnce(await readFile(bundle, 'utf8'), functions))
} finally {
  await rm(folder, { recursive: true })
}
