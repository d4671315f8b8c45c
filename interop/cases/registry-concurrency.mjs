// SPDX-License-Identifier: Apache-2.0
// Several sign the same image at the same time, or one signs many: every signature that was said to be there is there,
// whoever keeps the list.
import assert from 'node:assert/strict'
import { requireSuccess, requireVerdict } from '../context.mjs'

const rounds = 4
const signers = 3
const images = 24

export default async function (context) {
  const { check, chain, trusting, oras, ours, go } = context
  const { keyPath, chainPath, ...material } = await chain()
  const configDir = trusting(material)
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
    await check(`${name}: ${images} images are signed in one run, and verified by walking the tags`, async () => {
      const repository = context.newRepository(registry)
      const references = Array.from({ length: images }, (_, number) => `${repository}:v${number}`)
      for (const reference of references) await oras.push(reference)
      const key = ['--key', options.key, '--certificate-chain', options.chain]
      requireSuccess('ocisign', await ours.run(['sign', '--concurrency', '8', ...key, ...references]))
      const parameters = ['--all', '--output', 'jsonl', '--config-dir', configDir]
      const walk = await ours.run(['verify', ...parameters, repository])
      requireSuccess('ocisign', walk)
      const verified = walk.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      assert.deepEqual(verified.map(({ reference }) => reference).sort(), [...references].sort())
      for (const { decision } of verified) assert.equal(decision, 'verified')
      for (const reference of references.slice(0, 3)) {
        const theirs = await go.ask({ op: 'verify', repository, reference: reference.split(':').at(-1), configDir })
        requireVerdict('notation-go', theirs, { ok: true, failedChecks: [] })
      }
    })
  }
}
