// SPDX-License-Identifier: Apache-2.0
// The registries of the soak, in a process of their own: one with the Referrers API and one without. Told `misbehave`,
// they fail one in twenty requests from then on; told `count`, they say which faults there were.
import { createFakeRegistry, faultKinds } from '@ocisign/conformance/fake'
import { makeImages, makeSigners } from '../lib/images.mjs'

const rate = 0.05
const seed = 20261121
const each = 6
const forgetMilliseconds = 500

const trusted = await makeSigners('C=US,ST=WA,O=Soak,CN=trusted')
const stranger = await makeSigners('C=US,ST=WA,O=Soak,CN=stranger')
const registries = await Promise.all([
  createFakeRegistry({ referrersApi: true, referrersPerPage: 1 }),
  createFakeRegistry({ referrersApi: false }),
])
const images = []
for (const registry of registries) {
  const repository = `${registry.host}/soak/app`
  const made = await makeImages(registry, 'soak/app', { trusted, stranger, each })
  images.push(...made.map((image) => ({ repository, ...image })))
}

const faults = Object.fromEntries(faultKinds.map((kind) => [kind, 0]))
let requests = 0
/** What was recorded is counted and let go: a long run has too much of it. */
const collect = () => {
  for (const registry of registries) {
    requests += registry.requests.length
    for (const { fault } of registry.requests) if (fault !== undefined) faults[fault] += 1
    registry.forget()
  }
}
const timer = setInterval(collect, forgetMilliseconds)

process.on('message', (message) => {
  if (message === 'misbehave')
    for (const registry of registries) registry.misbehave({ how: { kind: 'random', faults: { rate, seed } } })
  collect()
  process.send({ requests, faults })
})
process.on('disconnect', async () => {
  clearInterval(timer)
  await Promise.all(registries.map((registry) => registry.close()))
})
process.send({ images, root: Buffer.from(trusted.root).toString('base64') })
