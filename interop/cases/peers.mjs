// SPDX-License-Identifier: Apache-2.0
// The judges are judged first: our Go program has to say of every case of the corpus what was recorded for it.
import assert from 'node:assert/strict'
import { openNotaryCorpus } from '../../packages/conformance/dist/corpus/index.js'

export default async function ({ check, go, goBlob }) {
  const corpus = await openNotaryCorpus()
  try {
    await check(`notation-go says what is recorded of all ${corpus.cases.length} cases`, async () => {
      const wrong = []
      for (const { name, digest, config, scope, userMetadata = {}, expected } of corpus.cases) {
        const configDir = corpus.configDirectory(config)
        const request = { op: 'verify', layout: corpus.layout, reference: digest, configDir, scope, userMetadata }
        const { ok, failedChecks } = await go.ask({ ...request, lister: 'specification' })
        if (ok !== expected.verified || failedChecks.join() !== expected.failedChecks.join()) wrong.push(name)
      }
      assert.deepEqual(wrong, [])
    })
  } finally {
    await corpus.close()
  }
  await check('what a judge cannot carry out is no refusal', async () => {
    await assert.rejects(go.ask({ op: 'nothing' }), /unknown op/)
    await assert.rejects(go.ask({ op: 'verify', layout: 'absent', reference: 'v1', configDir: 'absent' }), /layout/)
    await assert.rejects(go.ask({ op: 'verify', misspelt: true }), /bad request/)
    await assert.rejects(goBlob.ask({ op: 'verifyBlob', configDir: 'absent', file: 'absent' }), /bad request/)
  })
}
