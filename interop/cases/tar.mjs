// SPDX-License-Identifier: Apache-2.0
// Layouts in tar archives: what tar and oras write is read here, what is written here they read.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createWriteStream, readdirSync, readFileSync } from 'node:fs'
import { createTarLayout, openLayout } from '../../packages/layout/dist/index.js'
import { formats, requireSigned, requireSuccess, scope } from '../context.mjs'

const accepted = { ok: true, failedChecks: [] }
const signatureType = 'application/vnd.cncf.notary.signature'
const folder = { parameters: ['--oci-layout'] }

export default async function (context) {
  const { check, chain, layout, folder: newFolder, trusting, agree, notationVerify, ours, go, oras } = context
  const material = await chain()
  const configDir = trusting(material)
  const { keyPath, chainPath } = material

  /** A layout with an artifact, signed by one side. */
  const signedBy = async (side, format) => {
    const { path, reference } = layout()
    if (side === 'ocisign')
      requireSuccess(side, await ours.sign(reference, { key: `file:${keyPath}`, chain: chainPath, format }))
    else requireSigned(await go.ask({ op: 'sign', layout: path, reference: 'v1', format, keyPath, chainPath }))
    return path
  }
  const verifies = async (reference, how = {}) => {
    const verdict = await ours.verify(reference, { configDir, scope, ...how })
    assert.equal(verdict.ok, true, `ocisign refuses ${reference}: ${verdict.error}`)
  }

  for (const side of ['ocisign', 'notation-go']) {
    for (const format of formats) {
      await check(`${format}: signed by ${side}, packed by tar in each of its formats`, async () => {
        const path = await signedBy(side, format)
        for (const form of ['gnu', 'oldgnu', 'pax', 'ustar']) {
          const archive = `${newFolder()}/${form}.tar`
          tar('-cf', archive, `--format=${form}`, '-C', path, '.')
          await verifies(`${archive}:v1`)
          await verifies('-:v1', { input: readFileSync(archive) })
        }
      })
      await check(
        `${format}: signed by ${side}, packed by ocisign: oras lists it, notation verifies it unpacked`,
        async () => {
          const path = await signedBy(side, format)
          const archive = `${newFolder()}/app.tar`
          await pack(path, archive)
          await verifies(`${archive}:v1`)
          const found = await oras.discover(`${archive}:v1`, folder)
          assert.deepEqual(
            found.map(({ artifactType }) => artifactType),
            [signatureType],
          )
          const unpacked = newFolder('layout')
          tar('-xf', archive, '-C', unpacked)
          requireSuccess('notation', await notationVerify(unpacked, configDir))
          await agree(unpacked, configDir, accepted)
        },
      )
    }
  }

  await check('oras copies out of an archive that ocisign packed, with the signature', async () => {
    const archive = `${newFolder()}/app.tar`
    await pack(await signedBy('ocisign', 'jws'), archive)
    const copied = newFolder('layout')
    await oras.must(['cp', '-r', '--from-oci-layout', `${archive}:v1`, '--to-oci-layout', `${copied}:v1`])
    requireSuccess('notation', await notationVerify(copied, configDir))
  })
  await check(
    'names and content of what ocisign packed are those that tar sees, in a stream as in a file',
    async () => {
      const path = await signedBy('ocisign', 'cose')
      const [archive, streamed] = [`${newFolder()}/app.tar`, `${newFolder()}/streamed.tar`]
      await pack(path, archive)
      const stream = createWriteStream(streamed)
      await pack(path, stream)
      await new Promise((resolve) => stream.end(resolve))
      assert.ok(readFileSync(archive).equals(readFileSync(streamed)))
      const names = tar('-tf', archive).trim().split('\n')
      const blobs = readdirSync(`${path}/blobs/sha256`).map((name) => `blobs/sha256/${name}`)
      assert.deepEqual(names, ['oci-layout', 'index.json', 'blobs/', 'blobs/sha256/', ...blobs.sort()])
      for (const name of blobs) assert.equal(tar('-xOf', archive, name), readFileSync(`${path}/${name}`, 'latin1'))
    },
  )

  const signed = async (reference) => {
    const options = { key: `file:${keyPath}`, chain: chainPath, format: 'jws' }
    requireSuccess('ocisign', await ours.registry.sign(reference, options))
  }
  await backUpAndRestore({ ...context, signedBy, signed, verifies })
}

/** Through a registry: oras backs up what is there into an archive, and restores what it finds in one. */
async function backUpAndRestore({ check, registry, newRepository, folder, oras, signedBy, signed, verifies }) {
  const host = await registry('olareg')
  await check('oras backs up what ocisign signed in a registry, and ocisign verifies the archive', async () => {
    const repository = newRepository(host)
    const { digest } = await oras.push(`${repository}:v1`)
    await signed(`${repository}@${digest}`)
    const archive = `${folder()}/backup.tar`
    await oras.must(['backup', '--plain-http', '--include-referrers', '--output', archive, `${repository}:v1`])
    await verifies(`${archive}:v1`)
    await verifies(`${archive}@${digest}`)
  })
  await check('oras restores an archive that ocisign packed, with the signature', async () => {
    const archive = `${folder()}/app.tar`
    await pack(await signedBy('ocisign', 'jws'), archive)
    const repository = newRepository(host)
    await oras.must(['restore', '--plain-http', '--input', archive, `${repository}:v1`])
    const found = await oras.discover(`${repository}:v1`)
    assert.deepEqual(
      found.map(({ artifactType }) => artifactType),
      [signatureType],
    )
  })
}

const tar = (...parameters) => execFileSync('tar', parameters, { encoding: 'latin1' })

/** Copies all of a small layout into an archive. */
async function pack(path, target) {
  const source = await openLayout(path)
  const archive = await createTarLayout(target)
  try {
    const { manifests } = JSON.parse(readFileSync(`${path}/index.json`, 'utf8'))
    for (const { mediaType, digest, size } of manifests) {
      const { config, layers } = JSON.parse(readFileSync(`${path}/blobs/${digest.replace(':', '/')}`, 'utf8'))
      for (const each of [config, ...layers, { mediaType, digest, size }])
        await archive.push(each, await source.fetch(each))
    }
    await archive.tag(await source.resolve('v1'), 'v1')
    await archive.finish()
  } finally {
    await archive.close()
  }
}
