// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { type CallOptions, isOcisignError, OcisignError, printable, waitFor } from '@ocisign/core'
import type { Context } from './context.js'
import { fileError, systemCode } from './errors.js'
import { ownPrefix, readSmall, removeQuietly, temporaryPath } from './files.js'
import { encodeIdentity, isGone, parseIdentity } from './identity.js'

/** A turn to write. */
export interface Lock {
  /** Whether it is still ours; false where a person removed the file. */
  held(): Promise<boolean>
}

/** What {@link withLock} accepts. */
export interface LockOptions extends CallOptions {
  /** When to give up, as `performance.now()` counts. */
  readonly until: number
}

const lockBytes = 1024
/** Processes that died one after the other while taking over from each other. */
const maxTakeovers = 8
const pauses = { first: 2, longest: 50 }

/**
 * Does something while no other process that uses this package writes to the layout.
 *
 * The lock is a file that names its holder, made in one step by a hard link. A holder that is certainly gone is
 * succeeded; one that may be alive elsewhere (another machine or container, a boot before this) is waited for.
 * @throws UNAVAILABLE_LOCK
 */
export async function withLock<T>(context: Context, options: LockOptions, run: (lock: Lock) => Promise<T>): Promise<T> {
  const { root, files, identity } = context
  options.signal?.throwIfAborted()
  const path = join(root, `${ownPrefix}.lock`)
  const text = encodeIdentity(await identity())
  const source = await temporaryPath(context)
  try {
    await writeWhole(context, source, text)
    for (let pause = pauses.first; !(await take(context, path, source, text)); pause *= 2) {
      const left = options.until - performance.now()
      if (left <= 0) throw await busy(context, path)
      await waitFor(Math.min(left, pauses.longest, pause), options)
    }
  } finally {
    await removeQuietly(files, source)
  }
  const held = async () => (await readText(context, path)) === text
  try {
    options.signal?.throwIfAborted()
    await sweep(context)
    return await run({ held })
  } finally {
    if (await held().catch(() => true)) await removeQuietly(files, path)
  }
}

async function writeWhole({ files }: Context, path: string, text: string): Promise<void> {
  try {
    const handle = await files.open(path, 'wx', 0o666)
    try {
      await handle.writeFile(text).finally(() => handle.close())
    } catch (error) {
      await removeQuietly(files, path)
      throw error
    }
  } catch (error) {
    throw fileError(error, path, 'write')
  }
}

/**
 * Tries once. The place of a dead holder goes to whoever links the file named by that holder's token, so to one process
 * only; a successor that dies before it has moved its claim into place is succeeded in the same way.
 */
async function take(context: Context, path: string, source: string, text: string): Promise<boolean> {
  const { identity } = context
  const dead: { readonly path: string; readonly text: string }[] = []
  for (let place = path; dead.length <= maxTakeovers; ) {
    if (await link(context, source, place, text)) return dead.length === 0 || succeed(context, place, path, dead)
    const found = await readText(context, place)
    const holder = found === undefined ? undefined : parseIdentity(found)
    if (found === undefined || !holder || !(await isGone(holder, await identity()))) return false
    dead.push({ path: place, text: found })
    place = `${path}-${holder.token}`
  }
  return false
}

/** Moves a claim into place, unless somebody was quicker: then the lock no longer names the dead holder. */
async function succeed(
  context: Context,
  claim: string,
  path: string,
  dead: readonly { readonly path: string; readonly text: string }[],
): Promise<boolean> {
  const { files } = context
  try {
    for (const each of dead)
      if ((await readText(context, each.path)) !== each.text) {
        await removeQuietly(files, claim)
        return false
      }
    await files.rename(claim, path)
  } catch (error) {
    await removeQuietly(files, claim)
    throw fileError(error, path, 'lock')
  }
  for (const { path: old } of dead.slice(1)) await removeQuietly(files, old)
  return true
}

const withoutLinks: readonly (string | undefined)[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/** Creates a file with its content in one step; false where it exists. */
async function link(context: Context, source: string, path: string, text: string): Promise<boolean> {
  try {
    await context.files.link(source, path)
    return true
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') return false
    if (!withoutLinks.includes(code)) throw fileError(error, path, 'lock')
  }
  // A file system without hard links: whoever dies between these two steps leaves a file that a person has to remove.
  try {
    await writeWhole(context, path, text)
    return true
  } catch (error) {
    if (isOcisignError(error) && systemCode(error.cause) === 'EEXIST') return false
    throw error
  }
}

async function readText({ files }: Context, path: string): Promise<string | undefined> {
  const read = await readSmall(files, path, lockBytes)
  return read && new TextDecoder('latin1').decode(read.bytes)
}

async function busy(context: Context, path: string): Promise<OcisignError> {
  const holder = parseIdentity((await readText(context, path).catch(() => undefined)) ?? '')
  const who = holder ? `process ${holder.pid}` : 'another process'
  const shown = printable(path)
  return new OcisignError(
    'UNAVAILABLE_LOCK',
    `${who} is writing to this layout; try again, or remove "${shown}" if that process is gone`,
    { path: shown, retryable: true },
  )
}

/** Removes what processes that are gone left behind. Only the holder of the lock does. */
async function sweep(context: Context): Promise<void> {
  const { root, files, identity } = context
  for (const name of await files.readdir(root).catch(() => [])) {
    if (!name.startsWith(`${ownPrefix}-`) && !name.startsWith(`${ownPrefix}.lock-`)) continue
    const path = join(root, name)
    const text = name.endsWith('.tmp')
      ? name.slice(ownPrefix.length + 1, -4)
      : await readText(context, path).catch(() => '')
    const owner = parseIdentity(text ?? '')
    if (owner && (await isGone(owner, await identity()))) await removeQuietly(files, path)
  }
}
