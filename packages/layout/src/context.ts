// SPDX-License-Identifier: Apache-2.0
import type { FileSystem } from './file-system.js'
import type { Identity } from './identity.js'

/** How much of a layout is looked at before giving up with UNAVAILABLE_LIMIT. */
export interface ReadingLimits {
  /** Bytes of `index.json`. */
  readonly indexBytes: number
  /** Manifests that one listing of referrers looks at, those of nested indexes included. */
  readonly manifests: number
  /** Levels of indexes, `index.json` being the first. */
  readonly depth: number
}

/** The limits of a layout folder. */
export interface LayoutLimits extends ReadingLimits {
  /** Milliseconds that a write waits for its turn. */
  readonly lockMilliseconds: number
}

/**
 * An entry takes some 350 bytes, so 32 MiB are about 90,000 manifests: more than a mirror of a busy repository has,
 * and read and parsed in well under a second. A listing stops earlier, as it opens a file for each.
 */
export const layoutLimits: LayoutLimits = {
  indexBytes: 32 * 1024 * 1024,
  manifests: 50_000,
  depth: 8,
  lockMilliseconds: 10_000,
}

/** What everything that works on one layout shares. */
export interface Context {
  /** Absolute, without symbolic links. */
  readonly root: string
  readonly files: FileSystem
  readonly limits: LayoutLimits
  /** False where nothing has to outlast a loss of power. */
  readonly durable?: boolean
  /** Who this process is; found out at the first write. */
  readonly identity: () => Promise<Identity>
}
