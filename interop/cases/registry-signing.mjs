// SPDX-License-Identifier: Apache-2.0
// Registries with and without the Referrers API: what one side signs there, the others find, list and verify.
import assert from 'node:assert/strict'
import { requireSigned, requireSuccess, requireVerdict } from '../context.mjs'
import { notation, writeSigningKeys } from '../notation.mjs'

const signatureType = 'application/vnd.cncf.notary.signature'
const accepted = { ok: true, failedChecks: [] }

/** Every algorithm once and every format thrice; all of them in both formats, in layouts, are the matrix's. */
const all = { p256: 'jws', p384: 'cose', p521: 'jws', rsa2048: 'cose', rsa3072: 'jws', rsa4096: 'cose' }
const some = { p256: 'cose', rsa2048: 'jws' }

/**
 * How notation writes where: its own default is the tag schema, which olareg hides from the API until a second signature
 * comes.
 */
const places = [
  { name: 'cuemem', how: 'as it is', flags: [], referrers: 'tag', samples: some },
  { name: 'cuemem', how: 'by the API', flags: ['--force-referrers-tag=false'], referrers: 'api', samples: some },
  { name: 'olareg', how: 'by the API', flags: ['--force-referrers-tag=false'], referrers: 'api', samples: all },
  { name: 'docker-registry', how: 'as it is', flags: [], referrers: 'tag', samples: all },
  { name: 'docker-registry', how: 'by itself', flags: ['--force-referrers-tag=false'], referrers: '', samples: some },
]

export default async function (context) {
  for (const place of places) {
    for (const [algorithm, format] of Object.entries(place.samples))
      await signBothWays(context, place, { algorithm, format })
    await signTogether(context, place)
    await refuse(context, place)
  }
}

async function signBothWays(context, { name, how, flags, referrers }, { algorithm, format }) {
  const { check, chain, trusting, oras, ours, go } = context
  const registry = await context.registry(name)
  const { keyPath, chainPath, ...material } = await chain(algorithm)
  const configDir = trusting(material)
  writeSigningKeys(configDir, [{ name: algorithm, keyPath, certPath: chainPath }])
  const push = async () => {
    const repository = context.newRepository(registry)
    const subject = await oras.push(`${repository}:v1`)
    return { repository, subject, tagged: `${repository}:v1`, exact: `${repository}@${subject.digest}` }
  }
  const what = `${name} ${how}, ${algorithm} ${format}`

  await check(`${what}: ocisign signs, everybody finds and verifies it`, async () => {
    const image = await push()
    const options = { key: `file:${keyPath}`, chain: chainPath, format }
    requireSuccess('ocisign', await ours.registry.sign(image.exact, options))
    requireSuccess('notation', await notationOn(configDir, 'verify', image.exact))
    await requireListed(context, { configDir, count: 1, ...image })
    const theirs = await go.ask({ op: 'verify', repository: image.repository, reference: 'v1', configDir })
    requireVerdict('notation-go', theirs, accepted)
    await requireOurs(ours, image, configDir)
  })
  await check(`${what}: notation signs, ocisign finds and verifies it`, async () => {
    const image = await push()
    const parameters = [...flags, '--key', algorithm, '--signature-format', format]
    requireSuccess('notation', await notationOn(configDir, 'sign', image.exact, parameters))
    await requireListed(context, { configDir, count: 1, ...image })
    await requireOurs(ours, image, configDir)
  })
  await check(`${what}: notation-go signs in either form, ocisign finds and verifies it`, async () => {
    for (const manifest of ['config', 'artifactType']) {
      const image = await push()
      const request = { op: 'sign', repository: image.repository, reference: image.subject.digest, format, referrers }
      requireSigned(await go.ask({ ...request, keyPath, chainPath, manifest }))
      await requireListed(context, { configDir, count: 1, ...image })
      await requireOurs(ours, image, configDir)
    }
  })
}

async function signTogether(context, { name, how, flags, referrers }) {
  const { check, chain, trusting, oras, ours, go } = context
  const registry = await context.registry(name)
  const { keyPath, chainPath, ...material } = await chain()
  const configDir = trusting(material)
  writeSigningKeys(configDir, [{ name: 'key', keyPath, certPath: chainPath }])
  for (const oursFirst of [true, false]) {
    await check(
      `${name} ${how}: three sign, ${oursFirst ? 'ocisign first' : 'ocisign last'}; three are found`,
      async () => {
        const repository = context.newRepository(registry)
        const { digest } = await oras.push(`${repository}:v1`)
        const exact = `${repository}@${digest}`
        const options = { key: `file:${keyPath}`, chain: chainPath, format: 'jws' }
        const mine = async () => requireSuccess('ocisign', await ours.registry.sign(exact, options))
        if (oursFirst) await mine()
        requireSuccess('notation', await notationOn(configDir, 'sign', exact, flags))
        const request = { op: 'sign', repository, reference: digest, format: 'cose', keyPath, chainPath, referrers }
        requireSigned(await go.ask(request))
        if (!oursFirst) await mine()
        await requireListed(context, { configDir, count: 3, repository, exact })
        requireSuccess('notation', await notationOn(configDir, 'verify', exact))
        requireVerdict('ocisign', await ours.registry.verify(exact, { configDir }), accepted)
      },
    )
  }
}

async function refuse(context, { name, how, flags }) {
  // cuemem answers `"manifests": null` where there is none, which is no list, so that nobody can know.
  const unsigned = name === 'cuemem' ? 'UNAVAILABLE_VERIFICATION' : 'UNTRUSTED_NO_SIGNATURE'
  const { check, chain, trusting, oras, ours } = context
  const registry = await context.registry(name)
  const signer = await chain('p384')
  const configDir = trusting(await chain('p256', 2))
  writeSigningKeys(configDir, [{ name: 'key', keyPath: signer.keyPath, certPath: signer.chainPath }])
  const repository = context.newRepository(registry)
  const exact = `${repository}@${(await oras.push(`${repository}:v1`)).digest}`
  const both = async (code, signatures) => {
    assert.notEqual((await notationOn(configDir, 'verify', exact)).status, 0, 'notation accepts')
    const verdict = await ours.registry.verify(exact, { configDir })
    requireVerdict('ocisign', verdict, { ok: false })
    assert.equal(verdict.report.error.code, code)
    assert.equal(verdict.report.signatures.length, signatures)
  }
  await check(`${name} ${how}: what nobody signed is refused by both`, () => both(unsigned, 0))
  await check(`${name} ${how}: what a stranger signed is refused by both`, async () => {
    requireSuccess('notation', await notationOn(configDir, 'sign', exact, flags))
    await both('UNTRUSTED_NO_SIGNATURE', 1)
  })
}

/** By tag and by digest, and of no other image. */
async function requireOurs(ours, { repository, subject, tagged, exact }, configDir) {
  for (const reference of [tagged, exact]) {
    const verdict = await ours.registry.verify(reference, { configDir })
    requireVerdict('ocisign', verdict, accepted)
    assert.equal(verdict.report.subject.digest, subject.digest)
  }
  const elsewhere = await ours.registry.verify(`${repository}:v2`, { configDir })
  requireVerdict('ocisign', elsewhere, { ok: false })
}

/** Everybody finds so many signatures, and the same. */
async function requireListed({ oras, ours, go }, { configDir, count, repository, exact }) {
  const listed = JSON.parse((await mustRun(ours, ['list', '--output', 'json', exact])).stdout)
  const digests = listed.signatures.map(({ manifest }) => manifest.digest).sort()
  assert.equal(digests.length, count, `ocisign lists ${digests.length}`)
  const theirs = await go.ask({ op: 'list', repository, reference: exact.split('@')[1] })
  assert.deepEqual(theirs.signatures?.map(({ digest }) => digest).sort(), digests, `notation-go: ${theirs.error}`)
  const discovered = await oras.discover(exact)
  assert.deepEqual(discovered.map(({ digest }) => digest).sort(), digests)
  assert.ok(discovered.every(({ artifactType }) => artifactType === signatureType))
  const { stdout } = await notationOn(configDir, 'list', exact)
  const printed = [...stdout.matchAll(/── (sha256:[0-9a-f]{64})$/gm)].map(([, digest]) => digest)
  assert.deepEqual(printed.sort(), digests)
  const inspected = JSON.parse((await mustRun(ours, ['inspect', '--output', 'json', exact])).stdout)
  assert.equal(inspected.signatures.length, count)
  assert.ok(inspected.signatures.every(({ error }) => error === undefined))
}

async function mustRun(ours, parameters) {
  const result = await ours.run(parameters)
  requireSuccess('ocisign', result)
  return result
}

const notationOn = (configDir, verb, reference, parameters = []) =>
  notation(configDir, [verb, '--insecure-registry', ...parameters, reference])
