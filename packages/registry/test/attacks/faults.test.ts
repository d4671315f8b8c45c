// SPDX-License-Identifier: Apache-2.0
// A registry that fails by chance, at every step: what is said to have been done was done, and what is not known is not
// said. The seeds are fixed; a longer run is in tools/run-soak.mjs.
import type { FakeRegistryOptions } from '@ocisign/conformance/fake'
import { isOcisignError, signArtifact, verifyArtifact } from '@ocisign/core'
import { describe, expect, test } from 'vitest'
import { createScene, outcomeOf, type Scene, signer, verifierFor } from './scene.js'

const kinds: readonly (readonly [string, FakeRegistryOptions])[] = [
  ['the Referrers API', {}],
  ['the tag schema', { referrersApi: false }],
  ['pages', { referrersPerPage: 1, filtersReferrers: false, absoluteLocations: true }],
]
const rounds = 30

/** A registry in which about one in seven requests fails. */
async function createFaulty(server: FakeRegistryOptions, seed: number): Promise<Scene> {
  const scene = await createScene({ server })
  scene.server.misbehave({ how: { kind: 'random', faults: { rate: 0.15, seed } } })
  return scene
}

describe.each(kinds)('a registry with %s that fails by chance', (_, server) => {
  test.each([1, 2])('what is said to be signed is signed, and listed (%i)', async (seed) => {
    const scene = await createFaulty(server, seed)
    const said: string[] = []
    for (let round = 0; round < rounds; round++) {
      const image = scene.server.seedImage('org/app', `r${round}`, `${seed} ${round}`)
      try {
        const { manifest } = await signArtifact(scene.repository, `r${round}`, signer, { deadlineMilliseconds: 20_000 })
        said.push('signed')
        // Looked at without the network.
        const listed: string[] = []
        for await (const { digest } of scene.inside.referrers(image)) listed.push(digest)
        expect(listed).toContain(manifest.digest)
        if (server.referrersApi === false) await expectInIndex(scene, image.digest, manifest.digest)
        await verifyArtifact(scene.inside, image.digest, verifierFor(scene.inside.repository!))
      } catch (error) {
        if (!isOcisignError(error)) throw error
        expect(error.code).toMatch(
          /^(UNAVAILABLE|DENIED|INVALID_CONTENT|INVALID_MANIFEST|INVALID_JSON|UNSUPPORTED_MEDIA_TYPE)/,
        )
        said.push(error.code)
      }
    }
    // A client that never gets anything done is never wrong either.
    expect(said.filter((each) => each === 'signed').length).toBeGreaterThan(rounds / 4)
  })

  test.each([3, 4])('what is verified is signed, and what is unsigned is not (%i)', async (seed) => {
    const scene = await createFaulty(server, seed)
    const outcomes = { signed: new Map<string, number>(), unsigned: new Map<string, number>() }
    for (let round = 0; round < rounds; round++)
      for (const kind of ['signed', 'unsigned'] as const) {
        const tag = `${kind}${round}`
        const { digest } = scene.server.seedImage('org/app', tag, `${seed} ${tag}`)
        if (kind === 'signed') await signArtifact(scene.inside, tag, signer)
        const outcome = await outcomeOf(scene.verify(round % 2 === 0 ? tag : digest))
        outcomes[kind].set(outcome, (outcomes[kind].get(outcome) ?? 0) + 1)
      }
    expect(outcomes.signed.get('UNTRUSTED_NO_SIGNATURE')).toBeUndefined()
    expect(outcomes.unsigned.get('verified')).toBeUndefined()
    expect(outcomes.signed.get('verified')).toBeGreaterThan(rounds / 3)
    expect(outcomes.unsigned.get('UNTRUSTED_NO_SIGNATURE')).toBeGreaterThan(rounds / 3)
  })
})

/** The index under the tag has it, as another client would read it. */
async function expectInIndex({ inside }: Scene, subject: string, digest: string): Promise<void> {
  const index = await inside.resolve(subject.replace(':', '-'))
  let text = ''
  for await (const chunk of await inside.fetch(index)) text += new TextDecoder().decode(chunk)
  expect(JSON.parse(text).manifests.map((each: { digest: string }) => each.digest)).toContain(digest)
}
