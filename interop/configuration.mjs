// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'

/**
 * @typedef {object} Statement
 * @property {string} [name]
 * @property {string[]} [scopes]
 * @property {string} [level]
 * @property {Record<string, string>} [override]
 * @property {string[]} [stores] such as `ca:interop`
 * @property {string[]} [identities]
 * @property {boolean} [global] of blob policies only
 */

/**
 * Writes a Notation configuration directory: trust policies for artifacts and for blobs, and the trust store.
 * @param {string} directory
 * @param {object} content
 * @param {Record<string, string[]>} content.roots certificate files by store, such as `{ 'ca:interop': ['root.pem'] }`
 * @param {Statement[]} [content.statements] by default one strict statement for every scope and every store
 * @param {Statement[]} [content.blobStatements]
 */
export function writeConfiguration(directory, { roots, statements = [{}], blobStatements = [] }) {
  mkdirSync(directory, { recursive: true })
  for (const [store, files] of Object.entries(roots)) {
    const folder = `${directory}/truststore/x509/${store.replace(':', '/')}`
    mkdirSync(folder, { recursive: true })
    for (const [position, file] of files.entries()) copyFileSync(file, `${folder}/${position}.pem`)
  }
  const policies = (written) => JSON.stringify({ version: '1.0', trustPolicies: written }, null, 2)
  const common = (statement, position) => trustOf(statement, Object.keys(roots), position)
  const oci = statements.map((statement, position) => ({
    ...common(statement, position),
    registryScopes: statement.scopes ?? ['*'],
  }))
  writeFileSync(`${directory}/trustpolicy.json`, policies(oci), { mode: 0o600 })
  if (blobStatements.length === 0) return
  const blob = blobStatements.map((statement, position) => ({
    ...common(statement, position),
    ...(statement.global && { globalPolicy: true }),
  }))
  writeFileSync(`${directory}/trustpolicy.blob.json`, policies(blob), { mode: 0o600 })
}

function trustOf({ name, level = 'strict', override, stores, identities = ['*'] }, allStores, position) {
  const signatureVerification = { level, ...(override && { override }) }
  const trust = level === 'skip' ? {} : { trustStores: stores ?? allStores, trustedIdentities: identities }
  return { name: name ?? `statement-${position + 1}`, signatureVerification, ...trust }
}
