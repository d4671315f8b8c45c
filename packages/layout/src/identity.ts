// SPDX-License-Identifier: Apache-2.0
import { readFile, readlink } from 'node:fs/promises'
import { systemCode } from './errors.js'

/** A process, so that others can tell whether it is still there. */
export interface Identity {
  /** Where process numbers mean the same: a boot of a machine and a process namespace; empty where that is not known. */
  readonly place: string
  readonly pid: number
  /** When it started, as the system counts; 0 where that is not known. Tells a process from a later one of its number. */
  readonly started: string
}

/** What is asked of the system about processes. */
export type Host = Pick<NodeJS.Process, 'pid' | 'platform' | 'kill'>

const pattern = /^([0-9a-z]*)-([0-9]{1,10})-([0-9]{1,20})-([0-9a-f]{32})$/

/** Writes an identity with a token that occurs nowhere else; what comes out is safe in a file name. */
export function encodeIdentity({ place, pid, started }: Identity): string {
  return `${place}-${pid}-${started}-${crypto.randomUUID().replaceAll('-', '')}`
}

/** Reads what {@link encodeIdentity} wrote; undefined for anything else. */
export function parseIdentity(text: string): (Identity & { readonly token: string }) | undefined {
  const parts = text.length <= 256 ? pattern.exec(text) : null
  if (!parts) return undefined
  return { place: parts[1]!, pid: Number(parts[2]), started: parts[3]!, token: parts[4]! }
}

/** Finds out who this process is. */
export async function ownIdentity({ pid, platform }: Host = process): Promise<Identity> {
  const nowhere = { place: '', pid, started: '0' }
  if (platform !== 'linux') {
    const { hostname } = await import('node:os')
    return {
      ...nowhere,
      place: hostname()
        .toLowerCase()
        .replace(/[^0-9a-z]/g, ''),
    }
  }
  try {
    const [boot, namespace, self] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink('/proc/self/ns/pid'),
      readProcess('self'),
    ])
    // A /proc of another namespace would speak of other processes.
    if (self?.pid !== pid) return nowhere
    return { place: `${boot}${namespace}`.toLowerCase().replace(/[^0-9a-z]/g, ''), pid, started: self.started }
  } catch {
    return nowhere
  }
}

/** What the system says of a process (proc_pid_stat(5)); undefined where it says nothing. */
async function readProcess(pid: number | 'self') {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold anything, so fields are counted from the last one that closes.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { pid: Number.parseInt(text, 10), state: fields[0] ?? '', started: fields[19] ?? '0' }
  } catch {
    return undefined
  }
}

/**
 * Tells whether a process is certainly gone. One of another machine, container or boot is not known to be: false.
 */
export async function isGone(other: Identity, self: Identity, host: Host = process): Promise<boolean> {
  if (self.place === '' || other.place !== self.place) return false
  if (other.pid === self.pid && other.started === self.started) return false
  try {
    host.kill(other.pid, 0)
  } catch (error) {
    return systemCode(error) === 'ESRCH'
  }
  if (other.started === '0') return false
  const found = await readProcess(other.pid)
  // A zombie does nothing any more; in a container without an init process it stays for ever.
  return found !== undefined && (found.started !== other.started || found.state === 'Z' || found.state === 'X')
}
