// SPDX-License-Identifier: Apache-2.0
// npm start: the main job, from an empty folder to a refusal, with the packages as a program would use them.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  cose,
  createMemoryTrustStore,
  createNotarySigner,
  createNotaryVerifier,
  digestBytes,
  encodeText,
  formatName,
  isOcisignError,
  jws,
  mediaTypes,
  parseCertificate,
  parseTrustPolicy,
  signArtifact,
  verifyArtifact,
  withCertificates,
} from '@ocisign/core'
import { openLayout } from '@ocisign/layout'
import { createTestChain } from '@ocisign/provider-local'

let number = 0
const step = (title) => console.log(`\n${++number}. ${title}`)
const say = (text) => console.log(`   ${text}`)

/** Ends the demo where something is not as it tells. */
function expect(holds, what) {
  if (!holds) throw new Error(`the demo is wrong: ${what}`)
}

/** Stores bytes and says what they are. */
async function push(store, mediaType, bytes) {
  const descriptor = { mediaType, digest: await digestBytes(bytes), size: bytes.length }
  await store.push(descriptor, bytes)
  return descriptor
}

/** Builds an image of one small layer. */
async function buildImage(store, tag) {
  const config = await push(
    store,
    'application/vnd.oci.image.config.v1+json',
    encodeText('{"os":"linux","architecture":"amd64"}'),
  )
  const layer = await push(store, 'application/vnd.oci.image.layer.v1.tar', encodeText('hello from a layer\n'))
  const document = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers: [layer] }
  const image = await push(store, mediaTypes.imageManifest, encodeText(JSON.stringify(document)))
  await store.tag(image, tag)
  return image
}

const blobPath = (directory, digest) => join(directory, 'blobs', ...digest.split(':'))

/** Changes one byte of a stored blob; returns what undoes it. */
async function changeByte(path, offset) {
  const bytes = await readFile(path)
  const changed = Buffer.from(bytes)
  changed[offset] ^= 1
  await writeFile(path, changed)
  return () => writeFile(path, bytes)
}

const directory = await mkdtemp(join(tmpdir(), 'ocisign-demo-'))
try {
  step('Build a small image in an OCI image layout')
  const path = join(directory, 'layout')
  const store = await openLayout(path, { create: true, repository: 'local/hello' })
  const image = await buildImage(store, 'v1')
  say(`layout:v1 is ${image.digest}`)

  step('Make a test certificate: a leaf for code signing below a root')
  const { key, chain } = await createTestChain({ length: 2, subject: 'C=US,ST=WA,O=Acme,CN=build server' })
  for (const der of chain) say(formatName(parseCertificate(der).subject))

  step('Sign the image twice: as JWS and as COSE, the formats of Notation')
  const signatures = []
  for (const format of [jws, cose]) {
    const signer = createNotarySigner({ key: withCertificates(key, chain), format, expirySeconds: 24 * 60 * 60 })
    const { layer } = await signArtifact(store, 'v1', signer, { userMetadata: { build: '42' } })
    signatures.push(layer)
    say(`${layer.mediaType.padEnd(21)} ${layer.digest} (${layer.size} bytes)`)
  }

  step('Verify under a strict trust policy: who may sign local/hello, and whose word that is')
  const statement = {
    name: 'hello',
    registryScopes: ['local/hello'],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities: ['x509.subject: C=US, ST=WA, O=Acme'],
  }
  const verifier = createNotaryVerifier({
    policy: parseTrustPolicy({ version: '1.0', trustPolicies: [statement] }, 'oci'),
    trustStore: await createMemoryTrustStore({ ca: { acme: [chain.at(-1)] } }),
    formats: [jws, cose],
  })
  const verdict = await verifyArtifact(store, 'v1', verifier, { userMetadata: { build: '42' } })
  const [proof] = verdict.proofs
  expect(verdict.decision === 'verified', 'the image verifies')
  say(`${verdict.decision}: signed by ${proof.claims.subject}`)
  for (const [check, { status }] of Object.entries(proof.outcomes)) say(`  ${check.padEnd(18)} ${status}`)

  step('Change one byte of what was signed: a signature now speaks of another image')
  const other = { ...image, digest: image.digest.replace(/.$/, (last) => (last === '0' ? '1' : '0')) }
  for (const layer of signatures) {
    const bytes = new Uint8Array(await readFile(blobPath(path, layer.digest)))
    const error = await verifier
      .verify(other, { mediaType: layer.mediaType, bytes }, { scope: 'local/hello' })
      .catch((caught) => caught)
    expect(isOcisignError(error, 'UNTRUSTED_TARGET'), 'a signature of another image is refused')
    say(`✗ ${layer.mediaType}: ${error.message.slice(0, 60)}… [${error.code}]`)
  }

  step('Change one byte of each signature: the integrity check says no')
  for (const layer of signatures) {
    const bytes = new Uint8Array(await readFile(blobPath(path, layer.digest)))
    // The last byte of a COSE envelope and the last letter of a JWS signature are the end of the signature itself.
    bytes[bytes.length - (layer.mediaType === cose.mediaType ? 1 : 5)] ^= 1
    const error = await verifier
      .verify(image, { mediaType: layer.mediaType, bytes }, { scope: 'local/hello' })
      .catch((caught) => caught)
    expect(isOcisignError(error, 'UNTRUSTED_SIGNATURE'), 'a changed signature is refused')
    expect(error.details.outcomes.integrity.status === 'failed', 'integrity is what fails')
    say(`✗ ${layer.mediaType}: integrity failed: ${error.details.outcomes.integrity.error.message}`)
  }

  step('Change one byte on the disk: the layout notices before any signature is looked at')
  const undo = []
  for (const layer of signatures) undo.push(await changeByte(blobPath(path, layer.digest), 100))
  const refusal = await verifyArtifact(store, 'v1', verifier).catch((caught) => caught)
  expect(isOcisignError(refusal, 'UNTRUSTED_NO_SIGNATURE'), 'nothing is left to trust')
  for (const { by, error } of refusal.details.refusals)
    say(`✗ ${by.slice(0, 19)}…: ${error.message.slice(0, 70)}… [${error.code}]`)
  say(`${refusal.code}: ${refusal.message.slice(0, 70)}…`)

  step('Put the byte back')
  for (const each of undo) await each()
  expect((await verifyArtifact(store, 'v1', verifier)).decision === 'verified', 'it verifies again')
  say('verified')
} finally {
  await rm(directory, { recursive: true, force: true })
}
console.log('\nThat was it. README.md shows the command line and the library.')
