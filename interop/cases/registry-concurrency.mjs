// SPDX-License-Identifier: Apache-2.0
// Several sign the same image at the same time: every signature that was said to be there is there, whoever keeps the list.
import assert from 'node:assert/strict'
import { requireSuccess } from '../context.mjs'

const rounds = 4
const signers = 3

export default async function (context) {
  const { check, chain, oras, ours, go } = context
  const { keyPath, chainPath } = await chain()
  const options = { key: `file:${keyPath}`, chain: chainPath, format: 'jws' }
  for (const name of ['docker-registry', 'olareg', 'cuemem']) {
    const registry = await context.registry(name)
    for (let round = 1; round <= rounds; round++) {
      await check(`${name}: ${signers} at once lose nothing (${round} of ${rounds})`, async () => {
        const repository = context.newRepository(registry)
        const { digest } = await oras.push(`${repository}:v1`)
        const exact = `${repository}@${digest}`
        const runs = await Promise.all(Array.from({ length: signers }, () => ours.registry.sign(exact, options)))
        for (const run of runs) requireSuccess('ocisign', run)
        const { signatures } = await go.ask({ op: 'list', repository, reference: digest })
        assert.equal(signatures.length, signers, `${signatures.length} of ${signers} are listed`)
        assert.equal((await oras.discover(exact)).length, signers)
      })
    }
  }
}
