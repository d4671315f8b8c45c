// SPDX-License-Identifier: Apache-2.0
// A process of its own that writes to a layout: `node writer.mjs ROOT NAME COUNT`. It prints each digest once it is
// stored, so whoever kills it knows what must be there.
import { openLayout } from '../../src/index.js'
import { describe, manifest, text } from './layout-content.js'

const [root = '', name = '', count = '0'] = process.argv.slice(2)
const layout = await openLayout(root)
for (let position = 0; position < Number(count); position++) {
  const blob = text(`${name} ${position} `.repeat(20_000))
  await layout.push(describe(blob, 'text/plain'), blob)
  const bytes = manifest({ annotations: { name, position: String(position) }, layers: [describe(blob, 'text/plain')] })
  const image = describe(bytes)
  await layout.push(image, bytes)
  await layout.tag(image, `${name}-latest`)
  process.stdout.write(`${image.digest}\n`)
}
