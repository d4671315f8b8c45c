// SPDX-License-Identifier: Apache-2.0
// The data file is found relative to the module, and the built module lies elsewhere than its source.
import { expect, test } from 'vitest'
import type * as Corpus from '../../src/corpus/index.js'

test('the built package finds its data', async () => {
  const built = new URL('../../dist/corpus/index.js', import.meta.url).href
  const { openNotaryCorpus }: typeof Corpus = await import(/* @vite-ignore */ built)
  const corpus = await openNotaryCorpus()
  await corpus.close()
  expect(corpus.cases).toHaveLength(877)
})
