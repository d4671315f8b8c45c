// SPDX-License-Identifier: Apache-2.0
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { isOcisignError, type Problem, printable } from '../errors.js'
import type { TrustPolicyKind } from '../notary/policy/document.js'
import { lintTrustPolicy } from '../notary/policy/lint.js'
import { parseTrustPolicy } from '../notary/policy/parse.js'
import { formatStore } from '../notary/policy/store-name.js'
import { trustPolicyFiles } from './config-paths.js'
import { openDirectoryTrustStore } from './directory-trust-store.js'
import { lintPermissions, readTrustPolicyFile, type TrustPolicyFile } from './trust-policy.js'

/** A trust policy file and what is wrong with it. */
export interface LintedTrustPolicy {
  readonly path: string
  readonly kind: TrustPolicyKind
  readonly problems: readonly Problem[]
}

/**
 * Finds what is wrong with the trust policies of a configuration directory and with the trust stores they name, before
 * any artifact is touched.
 * @throws UNAVAILABLE_NOT_FOUND where there is no trust policy of any kind, or none of that kind
 * @throws INVALID_CONFIGURATION | DENIED_FILE | UNAVAILABLE_FILE for a policy file that cannot be read
 */
export async function lintConfiguration(
  configDirectory: string,
  kinds: readonly TrustPolicyKind[] = ['oci', 'blob'],
): Promise<readonly LintedTrustPolicy[]> {
  const linted: LintedTrustPolicy[] = []
  let missing: unknown
  for (const kind of kinds) {
    try {
      const file = await readTrustPolicyFile(configDirectory, kind)
      linted.push({ path: file.path, kind, problems: await lintFile(configDirectory, kind, file) })
    } catch (error) {
      if (!isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')) throw error
      missing ??= error
    }
  }
  if (linted.length === 0) throw missing
  return linted
}

async function lintFile(directory: string, kind: TrustPolicyKind, file: TrustPolicyFile): Promise<readonly Problem[]> {
  const problems = [...lintTrustPolicy(file.bytes, kind), ...lintPermissions(file)]
  for (const name of trustPolicyFiles[kind]) {
    const path = join(directory, name)
    const shadowed = path !== file.path && (await lstat(path).catch(() => undefined))
    if (shadowed) problems.push(warning('', `${printable(path, 1000)} is not read, because this file is there`))
  }
  const isUsable = problems.every(({ severity }) => severity !== 'error')
  return isUsable ? [...problems, ...(await lintStores(directory, kind, file.bytes))] : problems
}

const warning = (path: string, message: string): Problem => ({ path, message, severity: 'warning' })

/** A policy whose store cannot be used refuses everything: that is an error here, though the document is fine. */
async function lintStores(directory: string, kind: TrustPolicyKind, bytes: Uint8Array): Promise<readonly Problem[]> {
  const trustStore = openDirectoryTrustStore(directory)
  const problems: Problem[] = []
  for (const [index, policy] of parseTrustPolicy(bytes, kind).policies.entries()) {
    if (policy.skip) continue
    for (const store of policy.trustStores) {
      const path = `trustPolicies[${index}].trustStores`
      try {
        await trustStore.load(store)
      } catch (error) {
        if (!isOcisignError(error)) throw error
        problems.push({ path, message: `${formatStore(store)}: ${error.message}`, severity: 'error' })
      }
    }
  }
  return problems
}
