// SPDX-License-Identifier: Apache-2.0

/** What is read of a package.json. */
export interface ProviderManifest {
  readonly type?: string
  readonly sideEffects?: unknown
  readonly exports?: Readonly<Record<string, { readonly types?: string; readonly default?: string } | undefined>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean } | undefined>>
}

/** The key for code, and the key for a command line. */
export const subpaths = ['.', './uri'] as const

const core = '@ocisign/core'

/** What is wrong with a package.json. */
export function checkManifest(manifest: ProviderManifest): readonly string[] {
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest
  const names = [...Object.keys(dependencies), ...Object.keys(peerDependencies)]
  return [
    ...(manifest.type === 'module' ? [] : ['package.json: "type" is not "module"']),
    ...(manifest.sideEffects === false ? [] : ['package.json: "sideEffects" is not false']),
    ...subpaths.flatMap((subpath) => {
      const { types, default: target } = manifest.exports?.[subpath] ?? {}
      return types && target ? [] : [`package.json: "exports" has no "${subpath}" with "types" and "default"`]
    }),
    ...(names.includes(core) ? [] : [`package.json: ${core} is no dependency`]),
    ...names
      .filter((name) => name.startsWith('@ocisign/') && name !== core)
      .map((name) => `package.json: ${name} is a dependency; a provider needs ${core} alone`),
    ...Object.keys(peerDependencies)
      .filter((name) => name !== core && !peerDependenciesMeta[name]?.optional)
      .map((name) => `package.json: the peer ${name} is not optional; only who opens a key by its URI needs it`),
  ]
}
