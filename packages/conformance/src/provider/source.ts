// SPDX-License-Identifier: Apache-2.0
import type { ProviderManifest } from './manifest.js'

const comment = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/
const text = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/

/** `import x from 'm'`, `export … from 'm'` and `import 'm'`, unless it is for types alone. */
const staticImport = /^[ \t]*(import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s*)?['"]([^'"\n]+)['"]/gm
const dynamicImport = /\bimport\s*\(\s*['"]([^'"\n]+)['"]/g

/** Words that have no place in a provider, each with what to do instead. */
const unwanted: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w.$-])class\s+[\w$]+/, 'has a class; plain functions return plain objects'],
  [/(?<![\w.$])console\s*\./, 'writes to the console; throw an OcisignError'],
  [/(?<![\w.$])fetch\s*\(/, 'calls fetch itself; take it as a parameter'],
  // `environment = process.env` as the default of a parameter is the one place for it.
  [/(?<!\w\s*=\s*)\bprocess\s*\.|\bprocess\.(?!env\s*[,})])/, 'reads the process; take what it needs as a parameter'],
]

/** What is wrong with one source file. It reads text and no syntax, so it may be led astray by odd strings. */
export function checkSource(path: string, source: string, manifest: ProviderManifest): readonly string[] {
  const either = new RegExp(`${comment.source}|${text.source}`, 'g')
  const bare = source.replace(either, (found) => (/^\/[/*]/.test(found) ? '' : "''"))
  const withoutComments = source.replace(either, (found) => (/^\/[/*]/.test(found) ? '' : found))
  const dependencies = Object.keys(manifest.dependencies ?? {})
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter((name) => name !== '@ocisign/core')
  const problems = unwanted.filter(([pattern]) => pattern.test(bare)).map(([, what]) => `${path}: ${what}`)
  const isForUris = /^src\/(?:.*\/)?uri(?:\/[^/]+)?\.\w+$/.test(path)

  for (const [, , isType, specifier = ''] of withoutComments.matchAll(staticImport)) {
    const name = packageOf(specifier)
    if (name === undefined || isType) continue
    if (peers.includes(name))
      problems.push(`${path}: loads ${name} with the package; import its types only, or import it when a key is opened`)
    else if (!dependencies.includes(name) && name !== '@ocisign/core')
      problems.push(`${path}: imports ${name}, which is no dependency`)
  }
  for (const [, specifier = ''] of withoutComments.matchAll(dynamicImport)) {
    const name = packageOf(specifier)
    if (name !== undefined && peers.includes(name) && !isForUris)
      problems.push(`${path}: makes a client of ${name}; only uri does, whoever else needs one passes it in`)
    if (name !== undefined && !peers.includes(name) && !dependencies.includes(name))
      problems.push(`${path}: imports ${name}, which is no dependency`)
  }
  return problems
}

/** The package that a specifier names; undefined for files and for what a runtime has itself. */
function packageOf(specifier: string): string | undefined {
  if (/^[.#]|^node:/.test(specifier)) return undefined
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]
}
