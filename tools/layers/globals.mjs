// SPDX-License-Identifier: Apache-2.0
// What a library may not reach for by itself: the clock, the environment, the network, the terminal, state of its own.
import ts from 'typescript'

/** Places where a global may appear, each for a reason. */
const exceptions = {
  process: ['packages/cli/', 'packages/core/src/node/'],
  console: ['packages/cli/'],
  // bytes.ts takes it where it is at hand: it is many times as quick at Base64.
  // The fakes of services run on Node only, and a PKCS#11 module takes nothing else.
  Buffer: [
    'packages/cli/',
    'packages/core/src/crypto/node.ts',
    'packages/core/src/bytes.ts',
    'packages/provider-pkcs11/',
    ...['fake', 'aws-kms', 'aws-signer', 'cloud-kms', 'key-vault', 'trusted-signing', 'vault'].map(
      (fake) => `packages/conformance/src/${fake}/`,
    ),
  ],
  'the clock': ['packages/cli/'],
  fetch: [],
  'Math.random': [],
  'state of a module': ['packages/cli/'],
  'a class': ['packages/core/src/errors.ts'],
}

/** What is wrong with how one source file reaches for globals. */
export function checkGlobals(path, source) {
  const problems = []
  const add = (node, what, advice) => {
    if (exceptions[what].some((place) => path.startsWith(place))) return
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
    problems.push(`${path}:${line + 1}: ${what}: ${advice}`)
  }
  for (const statement of source.statements) checkState(statement, add)
  const visit = (node) => {
    // A type names a global without touching it.
    if (ts.isTypeNode(node)) return
    if (ts.isClassLike(node)) add(node, 'a class', 'plain functions and read-only data')
    if (!isDefault(node)) checkNode(node, add)
    else return
    ts.forEachChild(node, visit)
  }
  visit(source)
  return problems
}

function checkNode(node, add) {
  if (ts.isNewExpression(node) && isNamed(node.expression, 'Date') && (node.arguments?.length ?? 0) === 0)
    add(node, 'the clock', 'take a clock as a parameter')
  if (ts.isPropertyAccessExpression(node)) {
    if (isNamed(node.expression, 'Date') && node.name.text === 'now')
      add(node, 'the clock', 'take a clock as a parameter')
    if (isNamed(node.expression, 'Math') && node.name.text === 'random')
      add(node, 'Math.random', 'use crypto.getRandomValues')
    if (isNamed(unwrap(node.expression), 'globalThis') && node.name.text in exceptions)
      add(node, node.name.text, 'take it as a parameter')
  }
  if (ts.isIdentifier(node) && ['process', 'console', 'Buffer', 'fetch'].includes(node.text) && isReference(node))
    add(node, node.text, node.text === 'Buffer' ? 'use Uint8Array' : 'take it as a parameter')
}

/** What stands inside parentheses and `as`. */
const unwrap = (node) =>
  ts.isParenthesizedExpression(node) || ts.isAsExpression(node) ? unwrap(node.expression) : node

const isNamed = (node, name) => ts.isIdentifier(node) && node.text === name

/** An identifier that reads a variable, not the name of a member, a parameter, an import or a type. */
function isReference(node) {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  return !(('name' in parent && parent.name === node) || ('propertyName' in parent && parent.propertyName === node))
}

/** The default of a parameter, `{ clock = () => new Date() }`, or `options.clock ?? (() => new Date())`. */
function isDefault(node) {
  const { parent } = node
  if (!parent) return false
  if ((ts.isParameter(parent) || ts.isBindingElement(parent)) && parent.initializer === node) return true
  return (
    ts.isBinaryExpression(parent) &&
    parent.right === node &&
    parent.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken
  )
}

/** `let`, or an empty collection, at the top of a module is state that outlives a call. */
function checkState(statement, add) {
  if (!ts.isVariableStatement(statement)) return
  const { declarationList } = statement
  if (!(declarationList.flags & ts.NodeFlags.Const))
    add(statement, 'state of a module', 'keep it in what create* returns')
  for (const { initializer } of declarationList.declarations)
    if (
      initializer &&
      ts.isNewExpression(initializer) &&
      ['Map', 'Set', 'WeakMap', 'WeakSet'].includes(initializer.expression.getText()) &&
      (initializer.arguments?.length ?? 0) === 0
    )
      add(statement, 'state of a module', 'keep it in what create* returns')
}
