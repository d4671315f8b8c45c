// SPDX-License-Identifier: Apache-2.0
// Envelopes with one changed byte, and signatures moved to another artifact.
import assert from 'node:assert/strict'
import { formats, mediaTypes, requireSigned, requireSuccess, scope } from '../context.mjs'
import { addArtifact, attachEnvelope, readSignatures } from '../layout.mjs'

const flips = 64

export default async function ({ check, chain, layout, trusting, agree, ours, go }) {
  const material = await chain()
  const { keyPath, chainPath } = material
  const configDir = trusting(material)
  const signers = {
    ocisign: async ({ reference }, format) =>
      requireSuccess('ocisign', await ours.sign(reference, { key: `file:${keyPath}`, chain: chainPath, format })),
    'notation-go': async ({ path }, format) =>
      requireSigned(await go.ask({ op: 'sign', layout: path, reference: 'v1', format, keyPath, chainPath })),
  }

  for (const [signer, sign] of Object.entries(signers)) {
    for (const format of formats) {
      const mediaType = mediaTypes[format]
      const made = layout()
      await sign(made, format)
      const [{ envelope }] = readSignatures(made.path)

      await check(`${format}: ${flips} changed bytes in what ${signer} signed`, async () => {
        const changed = Array.from({ length: flips }, (_, number) => changeByte(envelope, number))
        const references = changed.map((bytes) => {
          const { path, reference, subject } = layout()
          attachEnvelope(path, { subject, mediaType, envelope: bytes })
          return reference
        })
        const mine = await ours.verifyAll(references, { configDir, scope })
        let refused = 0
        for (const [number, bytes] of changed.entries()) {
          const theirs = await judge(go, { bytes, mediaType, descriptor: made.subject, configDir })
          assert.ok(
            theirs.ok || !mine[number].ok,
            `ocisign accepts byte ${offsetOf(envelope, number)}, notation-go does not`,
          )
          if (!mine[number].ok) refused++
        }
        // What is not signed (the signing agent) may differ; a byte of it is a small part of any envelope.
        assert.ok(refused > flips * 0.9, `only ${refused} refused`)
      })
      await check(`${format}: the last byte of the signature that ${signer} made`, async () => {
        const { path, subject } = layout()
        attachEnvelope(path, { subject, mediaType, envelope: breakSignature(envelope, format) })
        await agree(path, configDir, { ok: false, failedChecks: ['integrity'] })
      })
      await check(`${format}: ${signer}'s signature moved to another artifact`, async () => {
        const { path } = layout()
        const subject = addArtifact(path, { tag: 'other', content: 'something else\n' })
        attachEnvelope(path, { subject, mediaType, envelope })
        const theirs = await go.ask({ op: 'verify', layout: path, reference: 'other', configDir, scope })
        assert.equal(theirs.ok, false, 'notation-go accepts')
        const mine = await ours.verify(`${path}:other`, { configDir, scope })
        assert.equal(mine.ok, false, 'ocisign accepts')
        assert.equal(mine.status, 1)
      })
    }
  }
}

const offsetOf = (envelope, number) => Math.floor(((number + 0.5) * envelope.length) / flips)

function changeByte(envelope, number) {
  const bytes = Buffer.from(envelope)
  bytes[offsetOf(envelope, number)] ^= 0x01
  return bytes
}

function breakSignature(envelope, format) {
  if (format === 'cose') {
    const bytes = Buffer.from(envelope)
    bytes[bytes.length - 1] ^= 0x01
    return bytes
  }
  const document = JSON.parse(envelope.toString('utf8'))
  const signature = Buffer.from(document.signature, 'base64url')
  signature[signature.length - 1] ^= 0x01
  return Buffer.from(JSON.stringify({ ...document, signature: signature.toString('base64url') }))
}

function judge(go, { bytes, mediaType, descriptor, configDir }) {
  return go.ask({ op: 'verifyEnvelope', envelope: bytes.toString('base64'), mediaType, descriptor, configDir, scope })
}
