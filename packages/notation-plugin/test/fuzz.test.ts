// SPDX-License-Identifier: Apache-2.0
// Whatever a plugin answers, and whatever an archive holds: read, or refused with an error of ours; never another.
import { isOcisignError } from '@ocisign/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzParameters } from '../../core/test/fuzz.js'
import { createFileList } from '../src/install/archive.js'
import { readTar } from '../src/install/tar.js'
import { readZip } from '../src/install/zip.js'
import {
  parseDescribedKey,
  parseGeneratedEnvelope,
  parseGeneratedSignature,
  parsePluginFailure,
  parsePluginMetadata,
  parseVerifiedSignature,
} from '../src/protocol.js'
import { tar, zip } from './support/archives.js'

const parameters = fuzzParameters('plugins')

/** Reads it, or is refused with one of these codes. */
function readsOrRefuses(read: () => unknown, codes: RegExp): void {
  try {
    read()
  } catch (error) {
    if (!isOcisignError(error)) throw error
    expect(error.code).toMatch(codes)
  }
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const names = [
  ...['name', 'description', 'version', 'url', 'supportedContractVersions', 'capabilities', 'keyId', 'keySpec'],
  ...['signature', 'signingAlgorithm', 'certificateChain', 'signatureEnvelope', 'signatureEnvelopeType', 'annotations'],
  ...['verificationResults', 'processedAttributes', 'errorCode', 'errorMessage', '__proto__', 'constructor', 'Name'],
]
const usual = fc.constantFrom('p', '1.0', '1.0.0', 'AAAA', 'RAW', '', 'ERROR')
const member = fc.oneof(usual, fc.array(usual), fc.jsonValue({ maxDepth: 3 }), fc.dictionary(usual, fc.jsonValue()))
const answer = fc.dictionary(fc.constantFrom(...names), member)

describe('an answer of any kind', () => {
  const parsers = [
    parseDescribedKey,
    parseGeneratedEnvelope,
    parseGeneratedSignature,
    parsePluginFailure,
    parsePluginMetadata,
    parseVerifiedSignature,
  ]
  test.each(parsers.map((parse) => [parse.name, parse] as const))('%s', (_, parse) => {
    const codes = /^(?:INVALID_(?:PLUGIN|JSON|TEXT|BASE64)|UNSUPPORTED_PLUGIN)$/
    fc.assert(
      fc.property(fc.oneof(answer.map(encode), fc.uint8Array()), (bytes) =>
        readsOrRefuses(() => parse(bytes, 'p'), codes),
      ),
      parameters,
    )
  })
})

describe('an archive of any kind', () => {
  const files = [
    { name: 'notation-p', text: '#!/bin/sh\n'.repeat(20) },
    { name: 'LICENSE', text: 'free' },
  ]
  const archives = [
    ['tar', readTar, tar(...files)],
    ['zip', readZip, zip(...files)],
  ] as const
  test.each(archives)('%s', (_, read, archive) => {
    const change = fc.tuple(fc.nat(archive.length - 1), fc.nat(255))
    const changed = fc.tuple(fc.array(change, { maxLength: 8 }), fc.nat(archive.length)).map(([changes, cut]) => {
      const bytes = new Uint8Array(archive)
      for (const [position, byte] of changes) bytes[position] = byte
      return cut % 4 === 0 ? bytes.subarray(0, cut) : bytes
    })
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array()), (bytes) => {
        const list = createFileList('archive')
        readsOrRefuses(() => read(bytes, list), /^INVALID_(?:PLUGIN|TEXT)$/)
        for (const { name } of list.files()) expect(name).toMatch(/^[A-Za-z0-9_.-]+$/)
      }),
      parameters,
    )
  })
})
