// SPDX-License-Identifier: Apache-2.0
// Attacks that others suffered, on a layout in an archive; the identifiers are those of the advisories.
import { readAll } from '@ocisign/core'
import { openTarLayout } from '@ocisign/layout'
import { expect, test } from 'vitest'
import { describe as descriptorOf, index, manifest, signature, tagged } from '../support/layout.js'
import { blob, blobName, bytesOf, end, entry, file, layoutFile, pax, stream, tarLayout } from '../support/tar.js'

const code = (value: string) => ({ code: value })
const imageBytes = manifest()
const image = descriptorOf(imageBytes)
const other = manifest({ annotations: { other: 'yes' } })
const signed = signature(image)
const good = [layoutFile, file('index.json', index([tagged(image, 'v1')])), blob(imageBytes)]

/** A layer that is an archive itself, with another index for readers that look for headers inside of it. */
const inner = bytesOf(file('index.json', index([tagged(descriptorOf(other), 'v1')])), blob(other))

test('CVE-2025-62518: an archive inside of an archive adds nothing to it', async () => {
  const layer = bytesOf(pax({ size: `${inner.length}` }), entry({ name: blobName(inner), content: inner, size: 0 }))
  const layout = await openTarLayout(stream(bytesOf(layer, ...good, end)))
  expect(await layout.resolve('v1')).toEqual(image)
  await expect(layout.resolve(descriptorOf(other).digest)).rejects.toMatchObject(code('UNAVAILABLE_NOT_FOUND'))
  const target = descriptorOf(inner, 'application/x-tar')
  expect(Buffer.compare(await readAll(layout, target), inner)).toBe(0)
  await layout.close()
})

test('CVE-2025-62518: an entry of two sizes is refused, whichever is right', async () => {
  for (const [said, header] of [
    [inner.length, 512],
    [512, inner.length],
  ] as const) {
    const layer = bytesOf(pax({ size: `${said}` }), entry({ name: blobName(inner), content: inner, size: header }))
    const opened = openTarLayout(stream(bytesOf(...good, layer, end)))
    await expect(opened).rejects.toMatchObject(code('INVALID_LAYOUT'))
  }
})

test.each([
  ['a link in the place of the index', entry({ name: 'index.json', type: '2', link: '../index.json' })],
  ['a link in the place of a folder', entry({ name: 'blobs/sha256', type: '2', link: '/var' })],
  ['a second name of a file outside', entry({ name: blobName(other), type: '1', link: '/etc/passwd' })],
  ['a name that leads out', file(`blobs/sha256/../../../${blobName(other)}`, other)],
  ['an absolute name', file('/etc/passwd', 'root')],
])('CVE-2021-21272, CVE-2026-50162: %s is refused', async (_, bad) => {
  for (const parts of [
    [bad, ...good],
    [...good, bad],
  ])
    await expect(openTarLayout(stream(bytesOf(...parts, end)))).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test('GHSA-f36w-mj3v-6jqv: a stated size takes no memory', async () => {
  const lying = entry({ name: blobName(other), size: '77777777777\0' })
  await expect(openTarLayout(stream(bytesOf(...good, lying, end)))).rejects.toMatchObject(code('INVALID_LAYOUT'))
  const header = entry({ name: 'x', type: 'x', size: '77777777777\0' })
  await expect(openTarLayout(stream(bytesOf(header, ...good, end)))).rejects.toMatchObject(code('INVALID_LAYOUT'))
})

test('an archive that was cut off before its signatures does not look unsigned', async () => {
  const whole = tarLayout([tagged(image, 'v1'), descriptorOf(signed)], [imageBytes, signed])
  for (let length = whole.length - 1; length > 0; length -= 256)
    await expect(openTarLayout(stream(whole.subarray(0, length)))).rejects.toMatchObject(code('INVALID_LAYOUT'))
})
