// SPDX-License-Identifier: Apache-2.0
// Which package may know which, and where Node's own modules may appear.
import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path/posix'
import ts from 'typescript'
import { listFiles } from '../lib/workspace.mjs'

/** The packages of ours that each may import. Arrows only go up this list; `cli` alone may know all others. */
const allowedPackages = {
  core: [],
  layout: ['core'],
  registry: ['core'],
  'provider-local': ['core'],
  'provider-aws': ['core'],
  'provider-azure': ['core'],
  'provider-gcp': ['core'],
  'provider-pkcs11': ['core'],
  'provider-vault': ['core'],
  sigstore: ['core'],
  'notation-plugin': ['core'],
  conformance: ['core'],
}
allowedPackages.cli = Object.keys(allowedPackages)

/** Where `node:` may appear in sources; everything else runs on any runtime. */
const nodeAllowed = [
  'packages/core/src/node/',
  'packages/core/src/crypto/node.ts',
  'packages/registry/src/node/',
  'packages/layout/',
  'packages/provider-azure/src/pkcs12/',
  'packages/provider-local/',
  'packages/provider-pkcs11/',
  'packages/notation-plugin/',
  'packages/conformance/',
  'packages/cli/',
]

/** Inside core: `from` may not import `to`, so that the contracts know no family and X.509 knows no envelope. */
const coreArrows = [
  { from: /^packages\/core\/src\/(?!index\.ts$)[^/]+\.ts$/, to: /^packages\/core\/src\/(x509|notary|node)\// },
  { from: /^packages\/core\/src\/x509\//, to: /^packages\/core\/src\/(notary|node)\// },
  { from: /^packages\/core\/src\/provider\//, to: /^packages\/core\/src\/(notary|node)\// },
  { from: /^packages\/core\/src\/crypto\//, to: /^packages\/core\/src\/(x509|notary|node)\// },
  { from: /^packages\/core\/src\/notary\//, to: /^packages\/core\/src\/node\// },
]

/** Packages that may not use what these folders of core declare, though its root exports it. */
const closedFolders = [
  { package: 'registry', folder: 'packages/core/src/x509' },
  { package: 'sigstore', folder: 'packages/core/src/notary' },
]

const ours = /^@ocisign\/([^/]+)/

/** Every import, re-export and dynamic import: what is named, and which names are taken from it. */
function importsOf(source) {
  const found = []
  const add = (node, specifier, names) =>
    found.push({ specifier, names, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 })
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause
      const named = bindings && (ts.isNamedImports(bindings) || ts.isNamedExports(bindings))
      add(
        node,
        node.moduleSpecifier.text,
        named ? bindings.elements.map((e) => (e.propertyName ?? e.name).text) : ['*'],
      )
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments
      add(node, argument && ts.isStringLiteralLike(argument) ? argument.text : undefined, ['*'])
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal.text, ['*'])
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** What is wrong with the imports of one source file. */
export function checkImports(path, source, closed) {
  const folder = path.split('/')[1]
  const allowed = allowedPackages[folder]
  if (!allowed) return [`${path}: package ${folder} is not in the list of packages; add it to tools/layers/imports.mjs`]
  return importsOf(source).flatMap(({ specifier, names, line }) =>
    problemsOf(path, folder, specifier, names, closed).map((problem) => `${path}:${line}: ${problem}`),
  )
}

function problemsOf(path, folder, specifier, names, closed) {
  if (specifier === undefined) return ['imports what only shows at run time; name the module']
  if (specifier.startsWith('.')) return relativeProblems(path, folder, join(dirname(path), specifier))
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) {
    if (!specifier.startsWith('node:')) return [`write node:${specifier}`]
    if (!nodeAllowed.some((place) => path.startsWith(place)))
      return [`${specifier}: runs on Node only, and is not allowed here`]
  }
  const other = ours.exec(specifier)?.[1]
  if (other === undefined) return []
  if (other === folder) return [`imports its own package by name; use a relative path`]
  if (!allowedPackages[folder].includes(other)) return [`${folder} may not import ${other}`]
  return closedProblems(folder, other, names, closed)
}

function relativeProblems(path, folder, target) {
  if (!target.startsWith(`packages/${folder}/src/`)) return [`${target}: leaves the sources of ${folder}`]
  const file = target.replace(/\.js$/, '.ts')
  return coreArrows
    .filter(({ from, to }) => from.test(path) && to.test(file))
    .map(() => `${file}: an arrow that goes down`)
}

function closedProblems(folder, other, names, closed) {
  const forbidden = other === 'core' ? closed[folder] : undefined
  if (!forbidden) return []
  if (names.includes('*')) return [`${folder} names what it takes from core, so that it can be checked`]
  return names
    .filter((name) => forbidden.names.has(name))
    .map((name) => `${folder} may not use ${name} of ${forbidden.folder}`)
}

/** The names that each package must not take from core. */
export function closedNames(root, parse) {
  return Object.fromEntries(
    closedFolders.map(({ package: name, folder }) => {
      const names = listFiles(root, folder, /\.ts$/).flatMap((path) => declaredNames(parse(path)))
      return [name, { folder, names: new Set(names) }]
    }),
  )
}

function declaredNames(source) {
  return source.statements.flatMap((statement) => {
    const exported = ts.canHaveModifiers(statement)
      ? ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      : false
    if (!exported) return []
    if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.text)
    return statement.name ? [statement.name.text] : []
  })
}

/** What is wrong with the dependencies that a package states. */
export function checkManifest(root, folder) {
  const path = `packages/${folder}/package.json`
  if (!existsSync(`${root}/${path}`)) return []
  const manifest = JSON.parse(readFileSync(`${root}/${path}`, 'utf8'))
  const problems = []
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies'])
    for (const [name, range] of Object.entries(manifest[kind] ?? {})) {
      const other = ours.exec(name)?.[1]
      if (other !== undefined && !allowedPackages[folder]?.includes(other))
        problems.push(`${path}: ${folder} may not depend on ${other}`)
      if (other === undefined && kind !== 'peerDependencies' && !/^\d+\.\d+\.\d+$/.test(range))
        problems.push(`${path}: ${name} is not pinned exactly: ${range}`)
    }
  if (manifest.sideEffects !== false) problems.push(`${path}: sideEffects must be false`)
  if (manifest.type !== 'module') problems.push(`${path}: type must be module`)
  return problems
}
