// SPDX-License-Identifier: Apache-2.0
import { link, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { type CallOptions, OcisignError, printable } from '@ocisign/core'
import { fileError } from '@ocisign/core/node'

/** What {@link withFileLock} accepts. */
export interface FileLockOptions extends CallOptions {
  /** How long to wait for another writer; 10,000 by default. */
  readonly lockMilliseconds?: number | undefined
}

const pauseMilliseconds = 20
/** Nobody writes for so long: whoever took the lock is gone. Ages are as the file system tells them, from file to file. */
const abandonedMilliseconds = 60_000

/**
 * Does something while no other process of ours edits the file at `path`: a file beside it says so.
 * @throws UNAVAILABLE_LOCK | DENIED_FILE | UNAVAILABLE_FILE
 */
export async function withFileLock<T>(path: string, options: FileLockOptions, run: () => Promise<T>): Promise<T> {
  const { lockMilliseconds = 10_000, signal } = options
  const lock = `${path}.ocisign-lock`
  const token = crypto.randomUUID()
  const until = performance.now() + lockMilliseconds
  while (!(await take(lock, token))) {
    signal?.throwIfAborted()
    if (performance.now() > until) throw lockedError(lock)
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds))
  }
  try {
    signal?.throwIfAborted()
    return await run()
  } finally {
    if ((await readFile(lock, 'utf8').catch(() => undefined)) === token) await unlink(lock).catch(() => undefined)
  }
}

async function take(lock: string, token: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx', 0o600)
    await handle.writeFile(token).finally(() => handle.close())
    return true
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'EEXIST') throw fileError(error, lock, 'write')
  }
  await removeAbandoned(lock, token)
  return false
}

/** Takes an old lock away; who does so at the same time as another finds that it is no longer the old one. */
async function removeAbandoned(lock: string, token: string): Promise<void> {
  const mine = `${lock}-${token}`
  try {
    const holder = await readFile(lock, 'utf8')
    await (await open(mine, 'w', 0o600)).close()
    const age = (await stat(mine)).mtimeMs - (await stat(lock)).mtimeMs
    if (age < abandonedMilliseconds) return
    await rename(lock, mine)
    if ((await readFile(mine, 'utf8')) !== holder) await link(mine, lock)
  } catch {
    // Gone meanwhile, or another was quicker: the next try tells.
  } finally {
    await unlink(mine).catch(() => undefined)
  }
}

/** The error of a file that others are changing: the lock that says so, or the file itself. */
export function lockedError(lockPath: string): OcisignError {
  const path = printable(lockPath, 1000)
  const message = `another process is changing the credentials ("${path}"); try again once it is done`
  return new OcisignError('UNAVAILABLE_LOCK', message, { path, retryable: true })
}
