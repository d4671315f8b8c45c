// SPDX-License-Identifier: Apache-2.0
// The trust policies of a configuration directory.
import { join } from 'node:path'
import { encodeText } from '../bytes.js'
import { isOcisignError, OcisignError, type Problem, printable } from '../errors.js'
import type { TrustPolicyDocument, TrustPolicyKind } from '../notary/policy/document.js'
import { parseTrustPolicy } from '../notary/policy/parse.js'
import { trustPolicyFiles } from './config-paths.js'
import { type RegularFile, readRegularFile } from './files.js'
import { writeFileAtomically } from './write-file.js'

/** A trust policy file that is there. */
export interface TrustPolicyFile extends RegularFile {
  readonly path: string
}

/**
 * Reads the trust policy in use: for artifacts `trustpolicy.oci.json`, else `trustpolicy.json`; for blobs
 * `trustpolicy.blob.json`.
 *
 * @throws UNAVAILABLE_NOT_FOUND where there is none: there is no default that trusts anybody
 * @throws INVALID_TRUST_POLICY with every problem
 * @throws INVALID_CONFIGURATION for a symbolic link or anything that is no regular file; DENIED_FILE | UNAVAILABLE_FILE
 */
export async function openTrustPolicy(configDirectory: string, kind: TrustPolicyKind): Promise<TrustPolicyDocument> {
  const { path, bytes } = await readTrustPolicyFile(configDirectory, kind)
  try {
    return parseTrustPolicy(bytes, kind)
  } catch (error) {
    if (!isOcisignError(error, 'INVALID_TRUST_POLICY')) throw error
    throw new OcisignError('INVALID_TRUST_POLICY', `${printable(path, 1000)}: ${error.message}`, error.details)
  }
}

/** Finds and reads the file in use; only a file that is not there makes the next one be tried. */
export async function readTrustPolicyFile(configDirectory: string, kind: TrustPolicyKind): Promise<TrustPolicyFile> {
  const paths = trustPolicyFiles[kind].map((name) => join(configDirectory, name))
  for (const path of paths) {
    try {
      return { path, ...(await readRegularFile(path)) }
    } catch (error) {
      if (!isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')) throw error
    }
  }
  const tried = paths.map((path) => printable(path, 1000))
  throw new OcisignError(
    'UNAVAILABLE_NOT_FOUND',
    `there is no trust policy, so nothing is trusted: no file ${tried.join(' or ')}; "policy init" makes one`,
    { reference: tried[0]!, retryable: false },
  )
}

/** What {@link writeTrustPolicy} accepts. */
export interface WriteTrustPolicyOptions {
  /** Replaces the policy in use; false by default. */
  readonly replace?: boolean
}

/**
 * Writes a trust policy, and returns where. An artifact policy goes to the file in use, else to `trustpolicy.json`,
 * which every version of Notation reads.
 *
 * @throws INVALID_TRUST_POLICY before anything is written
 * @throws MISUSE_OPTION where a policy is there and is not to be replaced; DENIED_FILE | UNAVAILABLE_FILE
 */
export async function writeTrustPolicy(
  configDirectory: string,
  kind: TrustPolicyKind,
  document: unknown,
  options: WriteTrustPolicyOptions = {},
): Promise<string> {
  parseTrustPolicy(document, kind)
  const text =
    document instanceof Uint8Array || typeof document === 'string' ? document : `${JSON.stringify(document, null, 2)}\n`
  const path = await findTarget(configDirectory, kind, options)
  const bytes = typeof text === 'string' ? encodeText(text) : text
  await writeFileAtomically(path, bytes, { replace: options.replace, mode: 0o600, makeDirectory: true })
  return path
}

async function findTarget(directory: string, kind: TrustPolicyKind, options: WriteTrustPolicyOptions): Promise<string> {
  try {
    const { path } = await readTrustPolicyFile(directory, kind)
    if (options.replace) return path
    throw alreadyThere(path)
  } catch (error) {
    if (!isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')) throw error
    return join(directory, trustPolicyFiles[kind].at(-1)!)
  }
}

function alreadyThere(path: string): OcisignError {
  const message = `${printable(path, 1000)} is already there; say that it is to be replaced, if that is meant`
  return new OcisignError('MISUSE_OPTION', message, { option: 'replace' })
}

/** Warns of what the file system says about a policy file: that others may write it. */
export function lintPermissions({ mode }: RegularFile): readonly Problem[] {
  if ((mode & 0o022) === 0) return []
  const message = `others may write this file, and with it decide what is trusted; take the permission away (chmod go-w)`
  return [{ path: '', message, severity: 'warning' }]
}
