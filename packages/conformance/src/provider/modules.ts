// SPDX-License-Identifier: Apache-2.0
import type { KeyOpener } from '@ocisign/core'
import type { subpaths } from './manifest.js'

/** What is wrong with what a built entry exports. */
export async function checkModules(
  subpath: (typeof subpaths)[number],
  module: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> {
  const classes = Object.entries(module)
    .filter(([, value]) => typeof value === 'function' && /^class\b/.test(String(value)))
    .map(([name]) => `"${subpath}" exports the class ${name}`)
  return [...classes, ...(subpath === '.' ? checkIndex(module) : await checkUri(module as Partial<KeyOpener>))]
}

function checkIndex(module: Readonly<Record<string, unknown>>): readonly string[] {
  const has = Object.entries(module).some(
    ([name, value]) => typeof value === 'function' && /^create[A-Z]\w*Key$/.test(name),
  )
  return has ? [] : ['"." exports no function named create…Key']
}

async function checkUri({ scheme, openKey }: Partial<KeyOpener>): Promise<readonly string[]> {
  const problems: string[] = []
  if (typeof scheme !== 'string' || !/^[a-z][a-z0-9+.-]*$/.test(scheme))
    problems.push('"./uri" exports no scheme: a string such as "acme", without its colon')
  if (typeof openKey !== 'function') return [...problems, '"./uri" exports no function openKey']
  const error: unknown = await openKey('nobody-has-this-scheme:x', { environment: {} }).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  const code = (error as { readonly code?: unknown } | undefined)?.code
  if (code !== 'INVALID_KEY')
    problems.push(`"./uri" should refuse a URI of another scheme with INVALID_KEY, and says ${String(code ?? error)}`)
  return problems
}
