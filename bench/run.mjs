// SPDX-License-Identifier: Apache-2.0
// npm run bench: ours against notation-go in the same run, window by window, as ratios of the best windows.

import { build } from '../interop/build.mjs'
import { startPeer } from '../interop/peer.mjs'
import { createNotarySigner } from '../packages/core/dist/index.js'
import { best, listFixtures, measure, openFixture, readArguments } from './fixture.mjs'
import { prepareVerifying } from './verifying.mjs'

const { directory, seconds, rounds } = readArguments()
await build(['notation-go-bench'])
const peer = startPeer('notation-go-bench')
const ratio = (ours, theirs) => Number((ours / theirs).toFixed(2))
const report = {}
for (const name of listFixtures(directory)) {
  const fixture = await openFixture(directory, name)
  const { warm, cold, bare } = await prepareVerifying(fixture)
  const signer = createNotarySigner({ key: fixture.key, format: fixture.format })
  const ours = { warm, cold, bare, sign: () => signer.sign(fixture.target) }
  const askPeer = async (op) => {
    const { ops, seconds: took } = await peer.ask({ op, fixture: `${directory}/${name}`, seconds })
    return ops / took
  }
  const windows = { warm: [], cold: [], bare: [], sign: [], goVerify: [], goSign: [] }
  for (const operation of Object.values(ours)) await measure(operation, seconds / 2)
  for (let round = 0; round < rounds; round++) {
    windows.goVerify.push(await askPeer('verify'))
    for (const [what, operation] of Object.entries(ours)) windows[what].push(await measure(operation, seconds))
    windows.goSign.push(await askPeer('sign'))
  }
  const figures = Object.fromEntries(Object.entries(windows).map(([what, each]) => [what, best(each)]))
  report[name] = {
    opsPerSecond: figures,
    warmToReference: ratio(figures.warm, figures.goVerify),
    warmToBare: ratio(figures.warm, figures.bare),
    coldToReference: ratio(figures.cold, figures.goVerify),
    signToReference: ratio(figures.sign, figures.goSign),
  }
}
await peer.close()
console.log(JSON.stringify(report, null, 2))
