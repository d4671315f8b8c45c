// SPDX-License-Identifier: Apache-2.0
// What a copy asks of registries: looking costs time, and nothing that belongs to the artifact is overlooked for it.
import { createFakeRegistry, type FakeRegistry } from '@ocisign/conformance/fake'
import { attachArtifact, copyArtifact, signArtifact } from '@ocisign/core'
import { createRegistry } from '@ocisign/registry'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { signerOf } from '../families.js'
import { attachment, cosignTag, putImage, scene } from './scene.js'

let from: FakeRegistry
let to: FakeRegistry
beforeEach(async () => {
  from = await createFakeRegistry()
  to = await createFakeRegistry()
})
afterEach(() => Promise.all([from.close(), to.close()]))

const storeOf = (server: FakeRegistry) => createRegistry().repository(`${server.host}/org/app`)
const forget = () => {
  for (const server of [from, to]) server.forget()
}
const isCosign = ({ path }: { readonly path: string }) => /\/sha256-[0-9a-f]{64}\.(?:sig|att|sbom)$/.test(path)
const writes = () => to.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method))

/** Looks for these suffixes; who finds nothing asks once more, because some registries answer GET only. */
const lookups = () => new Set(from.requests.filter(isCosign).map(({ path }) => path.split('/').at(-1)))

test('cosign’s tags are looked for where cosign puts them, and not for signatures', async () => {
  const source = storeOf(from)
  const image = await putImage(source, 'amd64')
  for (let count = 1; count <= 5; count++)
    await signArtifact(source, image.manifest.digest, signerOf(`signer ${count}`, attachment))
  const sbom = await attachArtifact(source, image.manifest.digest, { artifactType: 'application/spdx+json', blobs: [] })
  const bundle = { artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json', blobs: [] }
  await attachArtifact(source, image.manifest.digest, bundle)
  forget()
  await copyArtifact(source, image.manifest.digest, storeOf(to))
  // Three for the image and three for the SBOM, of 24 if it were for everything.
  const names = [image.manifest, sbom.manifest].flatMap((each) =>
    ['sig', 'att', 'sbom'].map((suffix) => cosignTag(each, suffix)),
  )
  expect(lookups()).toEqual(new Set(names))
  expect(from.requests.filter(isCosign).length).toBeLessThanOrEqual(12)
  forget()
  await copyArtifact(source, image.manifest.digest, storeOf(to), { cosignTags: false })
  expect(lookups()).toEqual(new Set())
})

test('what cosign signed beside a signature of another kind comes along, also of what is attached', async () => {
  const { source, root, amd, sbom, cosigned } = await scene()
  const ofSbom = await putImage(source, 'cosign of an SBOM')
  await source.tag(ofSbom.manifest, cosignTag(sbom))
  const first = storeOf(from)
  await copyArtifact(source, 'v1', first)
  const second = storeOf(to)
  expect(await copyArtifact(first, 'v1', second)).toMatchObject({ root, lost: [] })
  expect((await second.resolve(cosignTag(amd.manifest))).digest).toBe(cosigned.manifest.digest)
  expect((await second.resolve(cosignTag(sbom))).digest).toBe(ofSbom.manifest.digest)
})

test('what is there as it should be is looked at, and nothing is written', async () => {
  const { source } = await scene()
  await copyArtifact(source, 'v1', storeOf(to))
  expect(writes().length).toBeGreaterThan(0)
  forget()
  await copyArtifact(source, 'v1', storeOf(to))
  expect(writes()).toEqual([])
  // Each manifest and blob once, cosign's tag before and after, the tag itself, and a listing for each subject.
  expect(to.requests.length).toBeLessThanOrEqual(26)
})
