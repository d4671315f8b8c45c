// SPDX-License-Identifier: Apache-2.0
// Artifacts with everything attached, from registry to registry to layout to tar and back, by ocisign and by oras; image
// indexes that are signed with all they hold. Whoever copies, whoever looks finds the same, and it verifies.
import assert from 'node:assert/strict'
import { requireSuccess, requireVerdict } from '../context.mjs'
import { notation } from '../notation.mjs'

const sbomType = 'application/spdx+json'
const signatureType = 'application/vnd.cncf.notary.signature'
const accepted = { ok: true, failedChecks: [] }
/** cuemem says `"manifests": null` where nothing is attached, which is no list: nobody copies what may be half of it. */
const pairs = [
  ['olareg', 'docker-registry'],
  ['docker-registry', 'olareg'],
]

export default async function (context) {
  for (const [from, to] of pairs) {
    const registries = { from: await context.registry(from), to: await context.registry(to) }
    await copyBetween(context, `${from} to ${to}`, registries)
    await copyByFiles(context, `${from} to ${to}`, registries)
  }
  for (const name of ['olareg', 'docker-registry']) await signIndex(context, await context.registry(name))
}

/** An image with a signature and a signed SBOM, in a new repository. */
async function setUp(context, registry) {
  const { chain, trusting, folder, oras, ours } = context
  const { keyPath, chainPath, ...material } = await chain()
  const repository = context.newRepository(registry)
  const image = await oras.push(`${repository}:v1`)
  const exact = `${repository}@${image.digest}`
  const key = { key: `file:${keyPath}`, chain: chainPath, format: 'cose' }
  requireSuccess('ocisign', await ours.registry.sign(exact, key))
  const sbom = await oras.attach(exact, sbomType)
  requireSuccess('ocisign', await ours.registry.sign(`${repository}@${sbom.digest}`, key))
  return { configDir: trusting(material), repository, image, sbom, exact, folder, key }
}

/** Everybody sees all of it, and the signatures count. */
async function requireWhole({ oras, ours }, { configDir, image, sbom }, repository) {
  for (const digest of [image.digest, sbom.digest]) {
    const exact = `${repository}@${digest}`
    requireSuccess('notation', await notation(configDir, ['verify', '--insecure-registry', exact]))
    requireVerdict('ocisign', await ours.registry.verify(exact, { configDir }), accepted)
  }
  const theirs = await oras.discover(`${repository}@${image.digest}`)
  const types = (referrers) => referrers.map(({ artifactType }) => artifactType).sort()
  assert.deepEqual(types(theirs), [sbomType, signatureType])
  assert.deepEqual(types(theirs.find(({ artifactType }) => artifactType === sbomType).referrers), [signatureType])
  const run = await ours.run(['discover', '--output', 'json', `${repository}@${image.digest}`])
  requireSuccess('ocisign', run)
  const mine = JSON.parse(run.stdout).referrers
  const digests = (referrers, digestOf) => referrers.map((each) => [digestOf(each), each.referrers.length]).sort()
  assert.deepEqual(
    digests(mine, ({ descriptor }) => descriptor.digest),
    digests(theirs, ({ digest }) => digest),
  )
}

async function copyBetween(context, what, { from, to }) {
  const { check, oras, ours } = context
  await check(`${what}: ocisign copies an image with all that is attached`, async () => {
    const source = await setUp(context, from)
    const target = context.newRepository(to)
    const parameters = ['copy', '--config-dir', source.configDir, `${source.repository}:v1`, `${target}:v1`]
    requireSuccess('ocisign', await ours.run(parameters))
    await requireWhole(context, source, target)
    requireVerdict('ocisign', await ours.registry.verify(`${target}:v1`, { configDir: source.configDir }), accepted)
  })
  await check(`${what}: oras copies it`, async () => {
    const source = await setUp(context, from)
    const target = context.newRepository(to)
    const flags = ['cp', '--recursive', '--from-plain-http', '--to-plain-http', '--no-tty']
    await oras.must([...flags, `${source.repository}:v1`, `${target}:v1`])
    await requireWhole(context, source, target)
  })
  await check(`${what}: an image that nobody trusted signed is not copied`, async () => {
    const source = await setUp(context, from)
    const target = context.newRepository(to)
    const configDir = context.trusting(await context.chain('p384', 2))
    const { status } = await ours.run(['copy', '--config-dir', configDir, `${source.repository}:v1`, `${target}:v1`])
    assert.equal(status, 1)
    assert.notEqual((await oras.run(['resolve', '--plain-http', `${target}:v1`])).status, 0)
  })
}

async function copyByFiles(context, what, { from, to }) {
  const { check, folder, oras, ours } = context
  const policy = ({ configDir, repository }) => ['--config-dir', configDir, '--scope', repository]
  for (const kind of ['layout', 'image.tar']) {
    await check(`${what}: ocisign copies by ${kind}`, async () => {
      const source = await setUp(context, from)
      const [path, target] = [`${folder()}/${kind}`, context.newRepository(to)]
      const out = ['copy', '--to-oci-layout', ...policy(source), `${source.repository}:v1`, `${path}:v1`]
      requireSuccess('ocisign', await ours.run(out))
      const into = ['copy', '--from-oci-layout', ...policy(source), `${path}:v1`, `${target}:v1`]
      requireSuccess('ocisign', await ours.run(into))
      await requireWhole(context, source, target)
    })
    await check(`${what}: ocisign writes ${kind}, oras reads it`, async () => {
      const source = await setUp(context, from)
      const [path, target] = [`${folder()}/${kind}`, context.newRepository(to)]
      const out = ['copy', '--to-oci-layout', ...policy(source), `${source.repository}:v1`, `${path}:v1`]
      requireSuccess('ocisign', await ours.run(out))
      const flags = ['cp', '--recursive', '--from-oci-layout', '--to-plain-http', '--no-tty']
      await oras.must([...flags, `${path}:v1`, `${target}:v1`])
      await requireWhole(context, source, target)
    })
  }
  await check(`${what}: oras writes a layout, ocisign verifies and copies it`, async () => {
    const source = await setUp(context, from)
    const [path, target] = [`${folder()}/layout`, context.newRepository(to)]
    const flags = ['cp', '--recursive', '--to-oci-layout', '--from-plain-http', '--no-tty']
    await oras.must([...flags, `${source.repository}:v1`, `${path}:v1`])
    const { configDir, repository } = source
    requireVerdict('ocisign', await ours.verify(`${path}:v1`, { configDir, scope: repository }), accepted)
    const into = ['copy', '--from-oci-layout', ...policy(source), `${path}:v1`, `${target}:v1`]
    requireSuccess('ocisign', await ours.run(into))
    await requireWhole(context, source, target)
  })
}

async function signIndex(context, registry) {
  const { check, chain, trusting, oras, ours } = context
  const { name } = registry
  const { keyPath, chainPath, ...material } = await chain('p384')
  const configDir = trusting(material)
  const key = { key: `file:${keyPath}`, chain: chainPath, format: 'jws' }

  await check(`${name}: an index signed with all it holds, each of it found and verified by notation`, async () => {
    const repository = context.newRepository(registry)
    const { index, images } = await oras.pushIndex(repository, 'multi')
    requireSuccess('ocisign', await ours.registry.sign(`${repository}:multi`, { ...key, parameters: ['--recursive'] }))
    for (const { digest } of [index, ...images]) {
      requireSuccess(
        'notation',
        await notation(configDir, ['verify', '--insecure-registry', `${repository}@${digest}`]),
      )
      const [{ artifactType }, ...more] = await oras.discover(`${repository}@${digest}`)
      assert.deepEqual([artifactType, more.length], [signatureType, 0])
    }
    const parameters = ['--recursive']
    requireVerdict('ocisign', await ours.registry.verify(`${repository}:multi`, { configDir, parameters }), {
      ok: true,
    })
    const target = context.newRepository(registry)
    const copy = ['copy', '--config-dir', configDir, `${repository}:multi`, `${target}:multi`]
    requireSuccess('ocisign', await ours.run(copy))
    for (const { digest } of [index, ...images])
      requireSuccess('notation', await notation(configDir, ['verify', '--insecure-registry', `${target}@${digest}`]))
  })
  await check(
    `${name}: of an index whose images notation signed, only the platform that is signed verifies`,
    async () => {
      const repository = context.newRepository(registry)
      const { images } = await oras.pushIndex(repository, 'multi')
      requireSuccess('ocisign', await ours.registry.sign(`${repository}@${images[0].digest}`, key))
      for (const [position, { platform }] of images.entries()) {
        const parameters = ['--recursive', '--platform', `${platform.os}/${platform.architecture}`]
        const verdict = await ours.registry.verify(`${repository}:multi`, { configDir, parameters })
        requireVerdict('ocisign', verdict, { ok: position === 0 })
      }
      const whole = await ours.registry.verify(`${repository}:multi`, { configDir, parameters: ['--recursive'] })
      requireVerdict('ocisign', whole, { ok: false })
    },
  )
}
