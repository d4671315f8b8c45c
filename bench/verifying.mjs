// SPDX-License-Identifier: Apache-2.0
// The operations of the verification benchmark.
import { constants, createPublicKey, verify } from 'node:crypto'
import {
  createNotarySigner,
  createNotaryVerifier,
  isOcisignError,
  parseCertificate,
} from '../packages/core/dist/index.js'

const envelopes = 64

/** Makes the operations for one fixture: warm, cold, and the bare signature for comparison. */
export async function prepareVerifying(fixture) {
  const { policy, trustStore, format, target, scope } = fixture
  const create = () => createNotaryVerifier({ policy, trustStore, formats: [format] })
  const context = { scope }
  const mediaType = format.mediaType
  const own = { mediaType, bytes: fixture.envelope }
  // The fixture's own bytes have to verify: the reference is measured on them.
  await create().verify(target, own, context)
  const cycle = await prepareCycle(fixture)
  const verifier = create()
  let position = 0
  // Every time round the cycle another envelope has another byte flipped, until every part of it was hit.
  const warm = () => {
    const index = position++ % envelopes
    const { target, signature } = cycle[index]
    const round = Math.floor(position / envelopes)
    if (index === round % envelopes) return refuseFlipped(target, signature, round * 7919)
    return verifier.verify(target, signature, context)
  }
  const refuseFlipped = async (target, signature, wanted) => {
    const { bytes } = signature
    const flipped = signedOffset(bytes, wanted)
    bytes[flipped] ^= 1
    try {
      await verifier.verify(target, signature, context)
    } catch (error) {
      if (isOcisignError(error) && error.code !== 'MISUSE_CHECKS') return undefined
      throw error
    } finally {
      bytes[flipped] ^= 1
    }
    throw new Error(`${fixture.name}: an envelope with byte ${flipped} flipped was accepted`)
  }
  const cold = () => create().verify(target, own, context)
  return { warm, cold, bare: prepareBare(fixture) }
}

async function prepareCycle({ format, key, target }) {
  const signer = createNotarySigner({ key, format })
  const cycle = []
  for (let index = 0; index < envelopes; index++) {
    const each = { ...target, size: target.size + index }
    const signature = await signer.sign(each)
    cycle.push({ target: each, signature: { mediaType: format.mediaType, bytes: new Uint8Array(signature.bytes) } })
  }
  return cycle
}

/** An offset in the envelope, past the name of the signing agent, which nobody signs and which decides nothing. */
function signedOffset(bytes, wanted) {
  const agent = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf('io.cncf.notary.signingAgent')
  const [start, end] = [agent - 3, agent + 'io.cncf.notary.signingAgent":"ocisign"'.length]
  const offset = wanted % bytes.length
  return offset >= start && offset < end ? start - 1 : offset
}

/** One `crypto.verify` of the envelope's own signature with a ready key: the physical limit. */
function prepareBare({ format, envelope }) {
  const { toBeSigned, signature, chain, algorithm } = format.parse(envelope)
  const key = createPublicKey({
    key: Buffer.from(parseCertificate(chain[0]).publicKey.spki),
    format: 'der',
    type: 'spki',
  })
  const options =
    algorithm.scheme === 'ECDSA'
      ? { key, dsaEncoding: 'ieee-p1363' }
      : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return async () => {
    if (!verify(algorithm.hash, toBeSigned, options, signature)) throw new Error('the bare signature does not verify')
  }
}
