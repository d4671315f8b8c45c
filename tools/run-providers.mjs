#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Runs the conformance cases of signing keys against services that really sign: built packages, real clients, servers of
// 127.0.0.1. `node tools/run-providers.mjs [NAME…]`; the names are those of `services`. Downloads once, into .cache.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { signingKeyCases } from '../packages/conformance/dist/index.js'
import { createSlowKey, leastSeconds, measureSigning, usual } from './providers/cost.mjs'

/** `optional` ones are second opinions: without Python there are the fakes of the tests. */
const services = [
  { name: 'openbao' },
  { name: 'softhsm' },
  { name: 'moto' },
  { name: 'cloud-kms', optional: true },
  { name: 'key-vault', optional: true },
]

let [passed, failed] = [0, 0]

async function check(what, run) {
  try {
    await run()
    passed++
    return true
  } catch (error) {
    failed++
    console.log(
      `FAIL  ${what}: ${String(error?.message ?? error)
        .replace(/\s*\n\s*/g, '; ')
        .slice(0, 400)}`,
    )
    return false
  }
}

/** Signs once and has the whole contract's verification judge it. */
async function verify(key) {
  const cases = signingKeyCases({ create: async () => key, inspect })
  await cases.find(({ name }) => name === 'signs a message, which it hashes once').run()
}

async function checkKey(service, { name, secrets, create, failures }) {
  const all = signingKeyCases({ create, failures, secrets, inspect })
  const before = passed
  for (const { name: what, run } of all) await check(`${service}: ${name}: ${what}`, run)
  console.log(`      ${service}: ${name}: ${passed - before} of ${all.length} cases`)
}

async function checkCase(service, { name, rejects, run }) {
  const body = () => run({ equal: assert.deepEqual, verify })
  const refused = async () => {
    const error = await body().then(
      () => undefined,
      (cause) => cause,
    )
    assert.ok(error, 'it is not refused')
    assert.equal(error.code, rejects, error.message)
  }
  if (await check(`${service}: ${name}`, rejects ? refused : body)) console.log(`ok    ${service}: ${name}`)
}

const { artifacts, concurrency } = usual

/** How quick it is depends on the service; that it works is what counts. */
async function showCost(service, { name, create }) {
  await check(`${service}: ${name}: signs ${artifacts} artifacts`, async () => {
    const seconds = await measureSigning(await create())
    console.log(
      `      ${service}: ${name}: ${artifacts} artifacts, ${concurrency} at a time, in ${seconds.toFixed(2)} s`,
    )
  })
}

/** What we add to a key that only waits. Others may be busy on this machine: once in many rounds will do. */
async function checkCost() {
  await check('cost', async () => {
    const key = await createSlowKey(usual)
    let ratio = Number.POSITIVE_INFINITY
    for (let round = 0; round < 30 && ratio > 1.3; round++)
      ratio = Math.min(ratio, (await measureSigning(key, usual)) / leastSeconds(usual))
    console.log(
      `      cost: ${artifacts} artifacts with a slow key take ${ratio.toFixed(2)} times as long as they must`,
    )
    assert.ok(ratio <= 1.3, `${ratio.toFixed(2)} times as long as they must; at most 1.3`)
  })
}

async function checkService({ name, optional }) {
  const directory = mkdtempSync(join(tmpdir(), 'ocisign-providers-'))
  const module = await import(`./providers/${name}.mjs`)
  let started
  try {
    started = await module.start({ directory })
    console.log(`      ${module.name} is ready`)
    for (const key of started.keys) await checkKey(name, key)
    await showCost(name, started.keys[0])
    for (const each of started.cases) await checkCase(name, each)
  } catch (error) {
    if (optional && error.isMissing) console.log(`      ${module.name}: not here: ${error.message}`)
    else await check(module.name, () => Promise.reject(error))
  } finally {
    await started?.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !services.some((service) => service.name === name))
if (unknown.length > 0) {
  console.error(`providers: no service ${unknown.join(', ')}: there are ${services.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
if (wanted.length === 0) await checkCost()
for (const service of services) if (wanted.length === 0 || wanted.includes(service.name)) await checkService(service)
console.log(`${passed} passed, ${failed} failed`)
// Clients keep connections; whatever they are, this is over.
process.exit(failed > 0 ? 1 : 0)
