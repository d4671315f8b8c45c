// SPDX-License-Identifier: Apache-2.0
// A fake registry and a scene whose policy is for its repositories.
import { readFile } from 'node:fs/promises'
import { createFakeRegistry, type FakeRegistry, type FakeRegistryOptions } from '@ocisign/conformance/fake'
import { type Descriptor, encodeText, mediaTypes } from '@ocisign/core'
import { createScene, type Scene, writeConfiguration } from './scene.js'

export interface RegistryScene extends Scene {
  readonly registry: FakeRegistry
  /** `HOST/org/app`, which the policy is for, followed by a tag or digest. */
  app(reference: string): string
  /** Options that verify. */
  readonly policy: readonly string[]
}

/** Starts a registry with `org/app:v1` in it. */
export async function createRegistryScene(options: FakeRegistryOptions = {}): Promise<RegistryScene> {
  const scene = await createScene()
  const registry = await createFakeRegistry(options)
  registry.seedImage('org/app', 'v1', 'v1')
  const root = await readFile(scene.path('good.root.pem'), 'utf8')
  await writeConfiguration(scene.path('config'), { root, scopes: [`${registry.host}/org/app`, 'local/app'] })
  return {
    ...scene,
    registry,
    app: (reference) => `${registry.host}/org/app${reference.startsWith('@') ? '' : ':'}${reference}`,
    policy: ['--config-dir', scene.path('config')],
    async dispose() {
      await registry.close()
      await scene.dispose()
    },
  }
}

/** Puts an index of images for these platforms there. */
export function seedIndex(registry: FakeRegistry, name: string, tag: string, platforms: readonly string[]): Descriptor {
  const manifests = platforms.map((each) => {
    const [os, architecture, variant] = each.split('/')
    const { annotations: _, ...image } = registry.seedImage(name, undefined, `${tag} ${each}`)
    return { ...image, platform: { os, architecture, ...(variant && { variant }) } }
  })
  const document = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests }
  return registry.seed(name, { mediaType: mediaTypes.imageIndex, bytes: encodeText(JSON.stringify(document)), tag })
}
