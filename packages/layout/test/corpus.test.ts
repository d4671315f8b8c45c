// SPDX-License-Identifier: Apache-2.0
import { openNotaryCorpus } from '@ocisign/conformance/corpus'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLayout } from '../src/index.js'
import { collect } from './support/layout.js'

let corpus: Awaited<ReturnType<typeof openNotaryCorpus>>
beforeAll(async () => {
  corpus = await openNotaryCorpus()
})
afterAll(() => corpus.close())

test('hundreds of artifacts with damaged signatures among them share a layout, and none disturbs another', async () => {
  const layout = await openLayout(corpus.layout)
  let signatures = 0
  const unsigned: string[] = []
  for (const { name, tag, digest } of corpus.cases) {
    const subject = await layout.resolve(tag)
    expect(subject.digest).toBe(digest)
    const listed = await collect(layout.referrers(subject))
    signatures += listed.length
    if (listed.length === 0) unsigned.push(name)
  }
  expect(unsigned.every((name) => name.endsWith('unsigned'))).toBe(true)
  expect(signatures).toBeGreaterThan(corpus.cases.length)
})
