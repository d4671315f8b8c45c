// SPDX-License-Identifier: Apache-2.0
// The whole way, in a temporary folder: an image, two signatures, a strict policy, and one changed byte after another.
// `npm start` runs it; it ends with 1 if anything is not as told.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  cose,
  createMemoryTrustStore,
  createNotaryAttachment,
  createNotarySigner,
  createNotaryVerifier,
  digestBytes,
  encodeText,
  isOcisignError,
  judgeSignatures,
  jws,
  mediaTypes,
  parseTrustPolicy,
  signArtifact,
  verifyArtifact,
  withCertificates,
} from '@ocisign/core'
import { openLayout } from '@ocisign/layout'
import { createTestChain } from '@ocisign/provider-local'

const repository = 'registry.example.com/hello'
let steps = 0
const step = (text) => console.log(`\n${++steps}. ${text}`)
const say = (text) => console.log(`   ${text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1…')}`)

/** Puts an image of one small layer into the layout. */
async function pushImage(layout, text) {
  const push = async (mediaType, bytes) => {
    const descriptor = { mediaType, digest: await digestBytes(bytes), size: bytes.length }
    await layout.push(descriptor, bytes)
    return descriptor
  }
  const config = await push(
    'application/vnd.oci.image.config.v1+json',
    encodeText('{"os":"linux","architecture":"amd64"}'),
  )
  const layer = await push('application/vnd.oci.image.layer.v1.tar', encodeText(text))
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers: [layer] }
  return push(mediaTypes.imageManifest, encodeText(JSON.stringify(manifest)))
}

/** Shows what becomes of each signature, and of the artifact; `expected` is what has to. */
async function verify(layout, verifier, expected) {
  const decisions = []
  try {
    const image = await layout.resolve('v1')
    for await (const { by, mediaType, result } of judgeSignatures(layout, image, verifier)) {
      const isRefused = isOcisignError(result)
      decisions.push(isRefused ? 'refused' : result.decision)
      say(`${isRefused ? '✗' : '✓'} ${mediaType.padEnd(21)} ${by} ${decisions.at(-1)}`)
      for (const [check, { status }] of Object.entries((isRefused ? result.details.outcomes : result.outcomes) ?? {}))
        if (status === 'passed' || status === 'failed') say(`    ${check.padEnd(18)} ${status}`)
      if (isRefused) say(`    ${result.message}`)
    }
  } catch (error) {
    if (!isOcisignError(error)) throw error
    decisions.push('unreadable')
  }
  const answer = await verifyArtifact(layout, 'v1', verifier).catch((error) => error)
  say(isOcisignError(answer) ? `→ no: ${answer.message} [${answer.code}]` : `→ yes: ${answer.decision}`)
  assert.deepEqual([...decisions.sort(), answer.code ?? answer.decision], expected)
}

const fileOf = (layout, { digest }) => join(layout.path, 'blobs', ...digest.split(':'))

/** Changes one bit of a file's byte, counted from its end; the result undoes it. */
async function changeByte(path, fromEnd) {
  const before = await readFile(path)
  const after = Buffer.from(before)
  after[after.length - fromEnd] ^= 1
  await writeFile(path, after)
  return () => writeFile(path, before)
}

async function run(folder) {
  step('An OCI image layout with a small image.')
  const layout = await openLayout(folder, { create: true, repository })
  const image = await pushImage(layout, 'hello, world\n')
  await layout.tag(image, 'v1')
  say(`${folder}:v1 is ${image.digest}`)

  step('A key, with a chain of three test certificates.')
  const { key, chain } = await createTestChain({ length: 3, subject: 'C=US,ST=WA,O=Acme,CN=release' })
  const certified = withCertificates(key, chain)
  say('CN=release,O=Acme,ST=WA,C=US, and whoever vouches for it')

  step('Two signatures of the image: one as JWS, one as COSE.')
  const signed = {}
  for (const [name, format] of Object.entries({ jws, cose })) {
    signed[name] = await signArtifact(layout, 'v1', createNotarySigner({ key: certified, format }))
    say(`${format.mediaType.padEnd(21)} ${signed[name].layer.digest}`)
  }

  step('A strict trust policy: Acme alone signs what is in this repository.')
  const policy = parseTrustPolicy(
    {
      version: '1.0',
      trustPolicies: [
        {
          name: 'acme',
          registryScopes: [repository],
          signatureVerification: { level: 'strict' },
          trustStores: ['ca:acme'],
          trustedIdentities: ['x509.subject: C=US, ST=WA, O=Acme'],
        },
      ],
    },
    'oci',
  )
  const trustStore = await createMemoryTrustStore({ ca: { acme: [chain.at(-1)] } })
  const verifier = createNotaryVerifier({ policy, trustStore, formats: [jws, cose] })
  await verify(layout, verifier, ['verified', 'verified', 'verified'])

  step('One byte of the JWS signature changes on disk. The other signature still does.')
  const undoSignature = await changeByte(fileOf(layout, signed.jws.layer), 9)
  await verify(layout, verifier, ['refused', 'verified', 'verified'])
  await undoSignature()

  step('One byte of the image changes on disk. It is no longer what its digest says.')
  const undoImage = await changeByte(fileOf(layout, image), 9)
  await verify(layout, verifier, ['unreadable', 'INVALID_CONTENT'])
  await undoImage()

  step('Somebody attaches the COSE signature to another image: as it is, and with one byte changed.')
  const other = await pushImage(layout, 'hello, w0rld\n')
  await layout.tag(other, 'v1')
  const bytes = new Uint8Array(await readFile(fileOf(layout, signed.cose.layer)))
  await createNotaryAttachment().attach(layout, other, { mediaType: cose.mediaType, bytes })
  bytes[bytes.length - 1] ^= 1
  await createNotaryAttachment().attach(layout, other, { mediaType: cose.mediaType, bytes })
  await verify(layout, verifier, ['refused', 'refused', 'UNTRUSTED_NO_SIGNATURE'])

  console.log('\nAll as told. The same from the command line: node packages/cli/dist/main.js --help')
}

const folder = await mkdtemp(join(tmpdir(), 'ocisign-demo-'))
try {
  await run(folder)
} finally {
  await rm(folder, { recursive: true, force: true })
}
