// SPDX-License-Identifier: Apache-2.0
// node bench/sign.mjs --dir DIR: signatures a second, each verified before it counts, as JSON.
import { createNotarySigner } from '../packages/core/dist/index.js'
import { best, listFixtures, measure, openFixture, readArguments } from './fixture.mjs'

const { directory, seconds, rounds } = readArguments()
const figures = {}
for (const name of listFixtures(directory)) {
  const { key, format, target } = await openFixture(directory, name)
  const signer = createNotarySigner({ key, format })
  const sign = () => signer.sign(target)
  await measure(sign, seconds / 2)
  const measured = []
  for (let round = 0; round < rounds; round++) measured.push(await measure(sign, seconds))
  figures[name] = { sign: best(measured) }
}
console.log(JSON.stringify(figures, null, 2))
