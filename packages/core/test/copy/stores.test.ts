// SPDX-License-Identifier: Apache-2.0
// The same artifact through every kind of store: what comes out at the end is what went in.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFakeRegistry, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import {
  type ArtifactStore,
  type CopyOptions,
  copyArtifact,
  createMemoryStore,
  type Descriptor,
  discoverReferrers,
  type ReadableStore,
  type ReferrerTree,
  readAll,
  verifyArtifact,
} from '@ocisign/core'
import { createTarLayout, openLayout, openTarLayout } from '@ocisign/layout'
import { createRegistry } from '@ocisign/registry'
import { afterEach, describe, expect, test } from 'vitest'
import { cosignTag, scene, trusting } from './scene.js'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'copy-'))
  closing.push(() => rm(path, { recursive: true }))
  return path
}

async function registry(options: FakeRegistryOptions = {}) {
  const server = await createFakeRegistry(options)
  closing.push(() => server.close())
  const { repository } = createRegistry()
  return { server, repository: (path: string) => repository(`${server.host}/${path}`) }
}

/** Everything that belongs to it, at its place. */
async function describeAll(store: ReadableStore, descriptor: Descriptor): Promise<unknown> {
  const flatten = ({ descriptor: { digest, artifactType }, referrers }: ReferrerTree): unknown => [
    digest,
    artifactType,
    referrers.map(flatten).sort((a, b) => String(a).localeCompare(String(b))),
  ]
  const { referrers } = await discoverReferrers(store, descriptor.digest)
  return referrers.map(flatten).sort((a, b) => String(a).localeCompare(String(b)))
}

type Made = Awaited<ReturnType<typeof scene>>

/** Copies, and holds the copy to its original. */
async function pass(made: Made, from: ReadableStore, to: ArtifactStore, options: CopyOptions = {}) {
  const { root, amd, arm, cosigned, source } = made
  const report = await copyArtifact(from, 'v1', to, options)
  expect(report).toMatchObject({ selected: [{ digest: root.digest }], tag: 'v1', lost: [], unlisted: [] })
  const settled = 'finish' in to ? undefined : to
  if (settled)
    for (const each of [root, amd.manifest, arm.manifest])
      expect(await describeAll(settled, each)).toEqual(await describeAll(source, each))
  expect((await to.resolve('v1')).digest).toBe(root.digest)
  expect((await to.resolve(cosignTag(amd.manifest))).digest).toBe(cosigned.manifest.digest)
  return report
}

test('memory → layout → tar → registry → registry with the tag schema → memory', async () => {
  const made = await scene()
  const path = await folder()
  const layout = await openLayout(join(path, 'layout'), { create: true })
  await pass(made, made.source, layout)

  const file = join(path, 'app.tar')
  const tar = await createTarLayout(file)
  await pass(made, layout, tar)
  await tar.finish()
  await tar.close()
  const archive = await openTarLayout(file)
  closing.push(() => archive.close())

  const first = await registry()
  const complete = first.repository('org/app')
  await pass(made, archive, complete)

  const second = await registry({ referrersApi: false, referrersPerPage: 1 })
  const old = second.repository('mirror/app')
  await pass(made, complete, old)

  const last = createMemoryStore()
  const requirement = trusting('a')
  const report = await pass(made, old, last, { sourceRequirement: requirement, destinationRequirement: requirement })
  expect(report.verified?.destination).toMatchObject([{ decision: 'verified' }])
  for (const each of report.copied) expect(await readAll(last, each)).toEqual(await readAll(made.source, each))
  expect(await verifyArtifact(last, made.sbom.digest, requirement)).toMatchObject({ decision: 'verified' })
}, 60_000)

describe('between repositories of one registry', () => {
  test('blobs are mounted, and none is downloaded or sent', async () => {
    const made = await scene()
    const { server, repository } = await registry()
    await pass(made, made.source, repository('quarantine/app'))
    server.forget()
    const report = await pass(made, repository('quarantine/app'), repository('production/app'))
    const blobs = server.requests.filter(({ path }) => path.includes('/blobs/'))
    expect(blobs.length).toBeGreaterThan(0)
    for (const { method, query, status } of blobs)
      expect({ method, query, status }).toMatchObject({ method: 'POST', status: 201 })
    expect(report.present).toEqual([])
  })

  test('and are sent where the registry does not mount', async () => {
    const made = await scene()
    const { repository } = await registry({ mounts: 'never' })
    await pass(made, made.source, repository('quarantine/app'))
    await pass(made, repository('quarantine/app'), repository('production/app'))
  })

  test('of a layout nothing is mounted, whatever repository it is of', async () => {
    const made = await scene()
    const { server, repository } = await registry()
    const layout = await openLayout(join(await folder(), 'x'), { create: true, repository: `${server.host}/org/other` })
    await pass(made, made.source, layout)
    server.forget()
    await pass(made, layout, repository('org/app'))
    const mounts = server.requests.filter(({ query }) => query.includes('mount='))
    // A blob may be mounted from its own repository: that asks whether it is there.
    for (const { query } of mounts) expect(decodeURIComponent(query)).toContain('from=org/app')
  })
})

test('a registry that lists what it stores later is waited for; one that never does is reported', async () => {
  const made = await scene()
  for (const [listings, unlisted] of [
    [1, 0],
    [undefined, 4],
  ] as const) {
    const { server, repository } = await registry()
    server.misbehave({ when: { what: 'manifests' }, how: { kind: 'unlisted', listings } })
    const options = { wait: async () => {}, allowLoss: true }
    const report = await copyArtifact(made.source, 'v1', repository('org/app'), options)
    expect(report.unlisted).toHaveLength(unlisted)
  }
})

test('a dry run into a repository that does not exist yet', async () => {
  const made = await scene()
  const { server, repository } = await registry()
  const report = await copyArtifact(made.source, 'v1', repository('org/app'), { dryRun: true })
  expect(report).toMatchObject({ lost: [], present: [], tag: 'v1' })
  for (const { method } of server.requests) expect(['HEAD', 'GET']).toContain(method)
})
