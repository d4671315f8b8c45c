// SPDX-License-Identifier: Apache-2.0
// Detached signatures of files, under blob policies by name and the global one.
import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { formats, requireSigned, requireSuccess, requireVerdict } from '../context.mjs'

const mediaType = 'text/plain'
const metadata = { 'org.example.build': '1234' }
const accepted = { ok: true, failedChecks: [] }

export default async function (context) {
  const { check, chain, configuration, ours, goBlob } = context
  for (const algorithm of ['p256', 'p384', 'p521', 'rsa2048', 'rsa3072', 'rsa4096']) {
    const material = await chain(algorithm)
    const stranger = await chain('p256', 2)
    const configDir = configuration({
      roots: { 'ca:interop': [material.rootPath], 'ca:other': [stranger.rootPath] },
      blobStatements: [
        { name: 'release', stores: ['ca:interop'], global: true },
        { name: 'elsewhere', stores: ['ca:other'] },
        { name: 'free', level: 'skip' },
      ],
    })
    for (const format of formats) {
      for (const signer of ['ocisign', 'notation-go']) {
        const file = `${context.folder('blob')}/release.txt`
        const signature = `${file}.${format}.sig`
        writeFileSync(file, `a release\n${'0123456789'.repeat(100_000)}`)
        const what = `${algorithm} ${format}: ${signer}`
        const both = async (expected, options = {}) => {
          const theirs = await goBlob.ask(blobRequest({ file, signature, configDir, ...options }))
          const mine = await ours.verifyBlob(file, { signature, configDir, ...options })
          requireVerdict('notation-go', theirs, expected)
          requireVerdict('ocisign', mine, expected)
        }

        await check(`${what} signs, both verify under the global policy and by name`, async () => {
          if (signer === 'ocisign') await signOurs(ours, { file, material, format })
          else await signTheirs(goBlob, { file, signature, material, format })
          assert.ok(existsSync(signature), `${signature} is not there`)
          await both(accepted)
          await both(accepted, { policyName: 'release', mediaType, metadata })
          await both(accepted, { policyName: 'free' })
        })
        await check(`${what}'s signature is refused where it should be`, async () => {
          await both({ ok: false, failedChecks: ['authenticity'] }, { policyName: 'elsewhere' })
          await both({ ok: false }, { policyName: 'absent' })
          await both({ ok: false }, { mediaType: 'text/html' })
          await both({ ok: false }, { metadata: { 'org.example.build': '1235' } })
          const before = readFileSync(file)
          appendFileSync(file, 'x')
          await both({ ok: false })
          writeFileSync(file, before)
          await both(accepted)
        })
      }
    }
  }
}

async function signOurs(ours, { file, material, format }) {
  const options = { key: `file:${material.keyPath}`, chain: material.chainPath, format, metadata }
  requireSuccess('ocisign', await ours.signBlob(file, { ...options, parameters: ['--media-type', mediaType] }))
}

async function signTheirs(goBlob, { file, signature, material, format }) {
  const { keyPath, chainPath } = material
  const request = { op: 'signBlob', file, format, keyPath, chainPath, mediaType, userMetadata: metadata }
  requireSigned(await goBlob.ask({ ...request, signatureFile: signature }))
}

function blobRequest({ file, signature, configDir, policyName = '', mediaType: type = '', metadata: pairs = {} }) {
  return {
    op: 'verifyBlob',
    file,
    signatureFile: signature,
    configDir,
    policyName,
    mediaType: type,
    userMetadata: pairs,
  }
}
