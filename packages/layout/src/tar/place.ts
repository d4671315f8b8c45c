// SPDX-License-Identifier: Apache-2.0
import { isDigest } from '@ocisign/core'
import type { Fail } from './header.js'

/**
 * Where in a layout an entry of an archive lies: `oci-layout`, `index.json` or `blobs/ALGORITHM/HEX`; undefined for what
 * is no part of a layout, like the `manifest.json` of `docker save`, and for folders.
 *
 * A name that leads elsewhere when unpacked, or that another reader would take for a part of the layout, is refused.
 * @throws INVALID_LAYOUT
 */
export function placeOf(name: string, isFolder: boolean, fail: Fail): string | undefined {
  const parts = name.split(/[/\\]/)
  if (parts[0] === '' || /^[a-z]:/i.test(name) || parts.includes('..'))
    throw fail('has an entry whose name leads out of it')
  const meant = parts
    .filter((part) => part !== '' && part !== '.')
    .join('/')
    .toLowerCase()
  const kind = kindOf(meant)
  if (!kind) return undefined
  const relative = name.startsWith('./') ? name.slice(2) : name
  const plain = isFolder && relative.endsWith('/') ? relative.slice(0, -1) : relative
  if (plain !== meant) throw fail(`has an entry whose name is another spelling of "${meant}"`)
  if ((kind === 'folder') !== isFolder) throw fail(`has "${plain}" as another kind of file than a layout does`)
  return isFolder ? undefined : plain
}

const files: readonly string[] = ['oci-layout', 'index.json']
const folders: readonly string[] = ['blobs', 'blobs/sha256', 'blobs/sha384', 'blobs/sha512']

function kindOf(place: string): 'file' | 'folder' | undefined {
  if (files.includes(place)) return 'file'
  if (folders.includes(place)) return 'folder'
  const [first, algorithm, hex, ...rest] = place.split('/')
  return first === 'blobs' && rest.length === 0 && isDigest(`${algorithm}:${hex}`) ? 'file' : undefined
}
