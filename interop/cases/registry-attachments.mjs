// SPDX-License-Identifier: Apache-2.0
// What is attached to an image that is no signature: each command line finds what the other attached, with its content.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { requireSuccess, requireVerdict } from '../context.mjs'

const sbomType = 'application/spdx+json'
const scanType = 'application/vnd.example.scan'

export default async function (context) {
  for (const name of ['cuemem', 'olareg', 'docker-registry']) {
    const { check, folder, oras, ours, chain, trusting } = context
    const registry = await context.registry(name)
    const setUp = async () => {
      const repository = context.newRepository(registry)
      const { digest } = await oras.push(`${repository}:v1`)
      return { repository, exact: `${repository}@${digest}` }
    }
    const discover = async (reference, parameters = []) => {
      const run = await ours.run(['discover', '--output', 'json', ...parameters, reference])
      requireSuccess('ocisign', run)
      return JSON.parse(run.stdout).referrers.map(({ descriptor }) => descriptor)
    }

    await check(`${name}: ocisign attaches, oras finds it and pulls the same bytes`, async () => {
      const { repository, exact } = await setUp()
      const [path, pulled] = [folder(), folder()]
      writeFileSync(`${path}/sbom.json`, '{"spdxVersion":"SPDX-2.3"}')
      const parameters = [
        'attach',
        '--artifact-type',
        sbomType,
        '--annotation',
        'org.example.tool=interop',
        '-o',
        'json',
      ]
      requireSuccess('ocisign', await ours.run([...parameters, exact, `${path}/sbom.json:${sbomType}`]))
      const [found, ...more] = await oras.discover(exact)
      assert.deepEqual([found.artifactType, more.length], [sbomType, 0])
      assert.equal(found.annotations['org.example.tool'], 'interop')
      await oras.must(['pull', '--plain-http', '--no-tty', '--output', pulled, `${repository}@${found.digest}`])
      assert.equal(readFileSync(`${pulled}/sbom.json`, 'utf8'), '{"spdxVersion":"SPDX-2.3"}')
    })
    const found =
      name === 'cuemem' ? 'ocisign says that it cannot know' : 'ocisign finds it, by its type and with the rest'
    await check(`${name}: oras attaches, ${found}`, async () => {
      const { exact } = await setUp()
      if (name === 'cuemem') return requireNoList(ours, exact)
      const attached = [await oras.attach(exact, sbomType), await oras.attach(exact, scanType, { content: 'none\n' })]
      const digests = (descriptors) => descriptors.map(({ digest }) => digest).sort()
      assert.deepEqual(digests(await discover(exact)), digests(attached))
      const scans = await discover(exact, ['--artifact-type', scanType])
      assert.deepEqual(digests(scans), [attached[1].digest])
      assert.equal(scans[0].artifactType, scanType)
    })
    await check(`${name}: what is attached is signed and verified like an image`, async () => {
      const { repository, exact } = await setUp()
      const { keyPath, chainPath, ...material } = await chain()
      const { digest } = await oras.attach(exact, sbomType)
      const sbom = `${repository}@${digest}`
      const configDir = trusting(material)
      requireVerdict('ocisign', await ours.registry.verify(sbom, { configDir }), { ok: false })
      const options = { key: `file:${keyPath}`, chain: chainPath, format: 'jws' }
      requireSuccess('ocisign', await ours.registry.sign(sbom, options))
      requireVerdict('ocisign', await ours.registry.verify(sbom, { configDir }), { ok: true, failedChecks: [] })
      requireVerdict('ocisign', await ours.registry.verify(exact, { configDir }), { ok: false })
    })
  }
}

/** cuemem answers `"manifests": null` where nothing is attached, which is no list: nobody may take it for an empty one. */
async function requireNoList(ours, exact) {
  const { status, stderr } = await ours.run(['discover', exact])
  assert.equal(status, 3)
  assert.match(stderr, /UNAVAILABLE_LISTING/)
}
