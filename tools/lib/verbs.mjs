// SPDX-License-Identifier: Apache-2.0
// Finds the exported functions of packages that have no example: a promise that nobody shows how to use.
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { workspaceRoot } from './workspace.mjs'

/** Whose every function has one: what authors of providers and their users see. */
const shown = /^(?:provider-|notation-plugin$|conformance$)/

/** One line for each function without an example. */
export function findBareVerbs(packages) {
  const entries = packages
    .filter(({ folder }) => shown.test(folder))
    .flatMap(({ directory, manifest }) =>
      Object.keys(manifest.exports).map((subpath) => join(directory, 'src', subpath.slice(1), 'index.ts')),
    )
    .filter(existsSync)
  const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }
  const program = ts.createProgram(entries, { ...options, target: ts.ScriptTarget.ES2022, skipLibCheck: true })
  const checker = program.getTypeChecker()
  const bare = entries.flatMap((entry) =>
    checker
      .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)))
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .filter((symbol) => symbol.flags & ts.SymbolFlags.Function)
      .filter((symbol) => !symbol.getJsDocTags(checker).some(({ name }) => name === 'example'))
      .map((symbol) => `${relative(workspaceRoot, symbol.declarations[0].getSourceFile().fileName)}: ${symbol.name}`),
  )
  return [...new Set(bare)].map((where) => `${where} has no @example`)
}
