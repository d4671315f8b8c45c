#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Packs test data: `node tools/pack-corpus.mjs SRC OUT`. A directory becomes a ustar archive compressed with
// brotli (OUT ends in .tar.br), a single file just its compressed bytes (OUT ends in .br). The same tree gives the
// same bytes with the same Node: entries are sorted, and no time, owner or permission of the machine goes in.
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const BLOCK = 512
const TYPES = { file: '0', directory: '5' }

/** Everything below a directory, sorted by path: its files, and directories that are empty. */
function list(root, prefix = '') {
  return readdirSync(join(root, prefix), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = prefix + entry.name
      if (entry.isFile()) return [{ path, kind: 'file', content: readFileSync(join(root, path)) }]
      if (!entry.isDirectory()) throw new Error(`${path} is neither a file nor a directory`)
      const below = list(root, `${path}/`)
      return below.length > 0 ? below : [{ path: `${path}/`, kind: 'directory', content: Buffer.alloc(0) }]
    })
}

/** A path in ustar's two fields: up to 100 bytes of name, and up to 155 of what comes before a slash. */
function split(path) {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' }
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    const name = path.slice(at + 1)
    if (name !== '' && Buffer.byteLength(name) <= 100 && at <= 155) return { name, prefix: path.slice(0, at) }
  }
  throw new Error(`${path} is too long for the archive`)
}

function header({ path, kind, content }) {
  const { name, prefix } = split(path)
  const block = Buffer.alloc(BLOCK)
  const octal = (value, width) => `${value.toString(8).padStart(width - 1, '0')}\0`
  block.write(name, 0)
  block.write(octal(kind === 'directory' ? 0o755 : 0o644, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(content.length, 12), 124)
  block.write(octal(0, 12), 136)
  block.write('        ', 148)
  block.write(TYPES[kind], 156)
  block.write('ustar\x0000', 257, 'latin1')
  block.write(prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function archive(root) {
  const entries = list(root)
  const blocks = entries.flatMap((entry) => [
    header(entry),
    entry.content,
    Buffer.alloc(-entry.content.length & (BLOCK - 1)),
  ])
  return { entries: entries.length, bytes: Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]) }
}

const [source, out] = process.argv.slice(2)
if (source === undefined || out === undefined) {
  console.error('usage: node tools/pack-corpus.mjs SRC OUT')
  process.exit(2)
}
const { entries, bytes } = lstatSync(source).isDirectory()
  ? archive(source)
  : { entries: 1, bytes: readFileSync(source) }
const packed = brotliCompressSync(bytes, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  },
})
writeFileSync(out, packed)
const digest = createHash('sha256').update(packed).digest('hex')
console.log(`${out}: ${entries} entries, ${bytes.length} bytes packed into ${packed.length}, sha256:${digest}`)
