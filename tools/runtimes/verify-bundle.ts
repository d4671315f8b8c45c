// SPDX-License-Identifier: Apache-2.0
// What runs on each runtime: only verifying, only WebCrypto. `fixtures` is put in when this is bundled.
import {
  coseDecoder,
  createMemoryTrustStore,
  createNotaryVerifier,
  decodeBase64,
  equalBytes,
  errorKind,
  isOcisignError,
  jwsDecoder,
  parseTrustPolicy,
  type Target,
  verifyBlob,
  verifyEnvelope,
} from '@ocisign/core'

interface Fixture {
  readonly name: string
  readonly mediaType: string
  readonly target: Target
  /** Base64. */
  readonly envelope: string
  readonly root: string
  readonly blob: string
  readonly blobEnvelope: string
}

declare const fixtures: readonly Fixture[]

const statement = {
  name: 'runtimes',
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:test'],
  trustedIdentities: ['x509.subject: C=US, ST=WA, O=Runtimes'],
}
const policyOf = (extra: object) => ({ version: '1.0', trustPolicies: [{ ...statement, ...extra }] })
const artifacts = parseTrustPolicy(policyOf({ registryScopes: ['example.com/app'] }), 'oci')
const blobs = parseTrustPolicy(policyOf({ globalPolicy: true }), 'blob')
const formats = [jwsDecoder, coseDecoder]
const scope = 'example.com/app'

/** Each case resolves to what happened: `verified`, or the code of the error. */
async function casesOf(fixture: Fixture, stranger: Fixture): Promise<Record<string, [string, () => Promise<string>]>> {
  const { mediaType, target } = fixture
  const trustStore = await createMemoryTrustStore({ ca: { test: [decodeBase64(fixture.root)] } })
  const strangers = await createMemoryTrustStore({ ca: { test: [decodeBase64(stranger.root)] } })
  const verifier = createNotaryVerifier({ policy: artifacts, trustStore, formats })
  const bytes = decodeBase64(fixture.envelope)
  const verify = async (envelope: Uint8Array, wanted = target, by = verifier, where = scope) =>
    (await verifyEnvelope(wanted, { mediaType, bytes: envelope }, by, { scope: where })).decision
  const blobVerifier = createNotaryVerifier({ policy: blobs, trustStore, formats })
  const verifyContent = async (content: Uint8Array) =>
    (await verifyBlob(content, { mediaType, bytes: decodeBase64(fixture.blobEnvelope) }, blobVerifier)).decision
  const verifyFlipped = async (position: number) => {
    const flipped = flip(bytes, position)
    const decision = await verify(flipped)
    return isSameSigned(mediaType, bytes, flipped) ? 'no' : decision
  }
  const content = decodeBase64(fixture.blob)
  const changed = { ...target, size: target.size + 1 }
  const unknowing = createNotaryVerifier({ policy: artifacts, trustStore: strangers, formats })
  return {
    'a good signature': ['verified', () => verify(bytes)],
    'a changed target': ['UNTRUSTED_TARGET', () => verify(bytes, changed)],
    'an untrusted root': ['UNTRUSTED_SIGNATURE', () => verify(bytes, target, unknowing)],
    'no policy': ['UNTRUSTED_NO_POLICY', () => verify(bytes, target, verifier, 'example.com/other')],
    'half an envelope': ['UNTRUSTED_SIGNATURE', () => verify(bytes.subarray(0, bytes.length / 2))],
    'a good blob': ['verified', () => verifyContent(content)],
    'a changed blob': ['UNTRUSTED_TARGET', () => verifyContent(flip(content, 0))],
    ...Object.fromEntries(
      // A byte in each eighth of the envelope: whatever it hits, the answer is never yes, and never a crash.
      Array.from({ length: 8 }, (_, eighth) => [
        `a byte flipped in eighth ${eighth + 1}`,
        ['no', () => verifyFlipped(Math.floor(((eighth + 0.5) * bytes.length) / 8))] as const,
      ]),
    ),
  }
}

/** Whether only an unsigned attribute differs, which decides nothing. */
function isSameSigned(mediaType: string, before: Uint8Array, after: Uint8Array): boolean {
  const { parse } = formats.find((format) => format.mediaType === mediaType)!
  const [a, b] = [parse(before), parse(after)]
  return (
    equalBytes(a.toBeSigned, b.toBeSigned) &&
    equalBytes(a.signature, b.signature) &&
    a.chain.every((certificate, position) => equalBytes(certificate, b.chain[position]!))
  )
}

function flip(bytes: Uint8Array, position: number): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy[position]! ^= 1
  return copy
}

async function outcomeOf(expected: string, run: () => Promise<string>): Promise<string> {
  try {
    return await run()
  } catch (error) {
    if (!isOcisignError(error)) return `a crash: ${error}`
    return expected === 'no' && errorKind(error) !== 'MISUSE' ? 'no' : `${error.code}: ${error.message}`
  }
}

/** Runs every case; prints what went wrong, and last `ok N` or `failed N of M`. */
export async function main(print: (line: string) => void): Promise<boolean> {
  let [cases, wrong] = [0, 0]
  for (const [index, fixture] of fixtures.entries()) {
    // Its neighbour has the same key in the other format.
    const stranger = fixtures[(index + 2) % fixtures.length]!
    for (const [name, [expected, run]] of Object.entries(await casesOf(fixture, stranger))) {
      cases++
      const outcome = await outcomeOf(expected, run)
      if (outcome.split(':')[0] === expected) continue
      wrong++
      print(`${fixture.name}: ${name}: expected ${expected}, got ${outcome}`)
    }
  }
  print(wrong === 0 ? `ok ${cases}` : `failed ${wrong} of ${cases}`)
  return wrong === 0
}
