// SPDX-License-Identifier: Apache-2.0
// node bench/verify.mjs --dir DIR: verifications a second, warm and cold, as JSON.
import { best, listFixtures, measure, openFixture, readArguments } from './fixture.mjs'
import { prepareVerifying } from './verifying.mjs'

const { directory, seconds, rounds } = readArguments()
const figures = {}
for (const name of listFixtures(directory)) {
  const { warm, cold } = await prepareVerifying(await openFixture(directory, name))
  const measured = { warm: [], cold: [] }
  await measure(warm, seconds / 2)
  await measure(cold, seconds / 2)
  for (let round = 0; round < rounds; round++) {
    measured.warm.push(await measure(warm, seconds))
    measured.cold.push(await measure(cold, seconds))
  }
  figures[name] = { warm: best(measured.warm), cold: best(measured.cold) }
}
console.log(JSON.stringify(figures, null, 2))
