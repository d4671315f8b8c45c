#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Opens a page in headless Chromium that verifies images in a registry, from another origin and under a policy that
// allows no inline script and no eval; reads the verdicts off the page. `node tools/run-browser.mjs`; needs `chromium` on
// PATH, or CHROMIUM; the last line is the plain total.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createFakeRegistry } from '@ocisign/conformance/fake'
import { build } from 'esbuild'
import { makeImages, makeSigners } from './lib/images.mjs'
import { workspaceRoot } from './lib/workspace.mjs'

const chromium = process.env.CHROMIUM ?? 'chromium'
const organization = 'Page'
const pageMilliseconds = 120_000

/** What the page has to say of an image, by what it is. */
const answers = {
  verified: (digest) => new RegExp(`^verified ${digest}$`),
  refused: () => /^UNTRUSTED_NO_SIGNATURE (?:the signature does not|none of \d+ signatures) satisf/,
  unsigned: () => /^UNTRUSTED_NO_SIGNATURE there is no signature/,
}

const page = `import { main } from './verify-page.ts'
const show = (text) => {
  const item = document.createElement('li')
  item.textContent = text
  document.querySelector('ul').append(item)
}
await main(show).catch((error) => show('a crash: ' + error))
await fetch('done')
`

async function bundle(expected) {
  const { outputFiles } = await build({
    stdin: { contents: page, resolveDir: join(workspaceRoot, 'tools/runtimes') },
    define: { expected: JSON.stringify(expected) },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  })
  return outputFiles[0].text
}

/** Serves the page. It is loaded once its script says so: until then the answer to one of its images is kept back. */
async function servePage(script, registry) {
  const html =
    '<!doctype html><title>ocisign</title><ul></ul><script type="module" src="page.js"></script><img src="wait">'
  const files = {
    '/': ['text/html; charset=utf-8', html],
    '/page.js': ['text/javascript; charset=utf-8', script],
    '/done': ['text/plain', ''],
  }
  const policy = `default-src 'none'; script-src 'self'; img-src 'self'; connect-src 'self' ${registry}`
  const waiting = []
  const server = createServer((request, response) => {
    if (request.url === '/wait') return void waiting.push(response)
    const [type, content] = files[request.url] ?? []
    response.writeHead(type ? 200 : 404, { 'content-type': type ?? 'text/plain', 'content-security-policy': policy })
    response.end(content)
    if (request.url === '/done') for (const each of waiting.splice(0)) each.writeHead(204).end()
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => new Promise((resolve) => server.close(resolve) && server.closeAllConnections())
  return { url: `http://127.0.0.1:${server.address().port}/`, close }
}

/** The page as it is once it is loaded; Chromium talks to nobody but the two servers. */
async function dump(url, profile) {
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-dev-shm-usage',
    `--user-data-dir=${profile}`,
    '--dump-dom',
  ]
  try {
    return (await promisify(execFile)(chromium, [...flags, url], { timeout: pageMilliseconds, maxBuffer: 16 << 20 }))
      .stdout
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(`${chromium} is not installed; set CHROMIUM to a browser like it`)
    throw new Error(`${chromium} ends with ${error.code ?? error.signal}: ${String(error.stderr).trim().slice(-500)}`)
  }
}

const plainText = (html) =>
  html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')

const folder = mkdtempSync(join(tmpdir(), 'ocisign-browser-'))
let [passed, failed] = [0, 0]
const closing = []
try {
  const trusted = await makeSigners(`C=US,ST=WA,O=${organization},CN=trusted`)
  const stranger = await makeSigners(`C=US,ST=WA,O=${organization},CN=stranger`)
  for (const referrersApi of [true, false]) {
    const registry = await createFakeRegistry({ referrersApi, cors: '*' })
    closing.push(registry.close)
    const repository = `${registry.host}/page/app`
    const images = await makeImages(registry, 'page/app', { trusted, stranger, each: 1 })
    const root = Buffer.from(trusted.root).toString('base64')
    const script = await bundle({ images: images.map((image) => ({ repository, ...image })), root, organization })
    const page = await servePage(script, registry.origin)
    closing.push(page.close)
    const dom = await dump(page.url, join(folder, referrersApi ? 'one' : 'two'))
    const items = [...dom.matchAll(/<li>(.*?)<\/li>/gs)].map(([, text]) => plainText(text))
    for (const { kind, answer, tag, digest } of images)
      for (const reference of [tag, digest]) {
        const said = items.find((item) => item.startsWith(`${reference} `))?.slice(reference.length + 1) ?? 'nothing'
        const isRight = answers[answer](digest).test(said)
        const where = referrersApi ? 'Referrers API' : 'tag schema'
        console.log(
          `${isRight ? 'ok  ' : 'FAIL'}  ${where}: ${kind}, by ${reference === tag ? 'tag' : 'digest'}: ${said}`,
        )
        if (isRight) passed++
        else failed++
      }
  }
} catch (error) {
  failed++
  console.log(`FAIL  ${error.message}`)
} finally {
  await Promise.all(closing.map((close) => close()))
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
