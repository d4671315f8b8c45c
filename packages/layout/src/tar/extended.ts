// SPDX-License-Identifier: Apache-2.0
// What stands before an entry and changes it: pax records (POSIX.1-2017, pax, extended header) and GNU's long names.
import { blockBytes, type Fail, latin1 } from './header.js'

/** What an extended header says of the entry after it. */
export interface Extension {
  readonly path?: string
  readonly size?: number
}

/** Bytes of one extended header: records hold whatever attributes a file had. */
export const maxExtensionBytes = 1024 * 1024

/** Records that say what an entry is. */
const names: readonly string[] = ['path', 'size', 'linkpath']

/** Records of no concern here, and what they have to be for those that read them. */
const forms: Readonly<Record<string, RegExp>> = {
  uid: /^-?[0-9]{1,19}$/,
  gid: /^-?[0-9]{1,19}$/,
  mtime: /^-?[0-9]{1,19}(\.[0-9]*)?$/,
  atime: /^-?[0-9]{1,19}(\.[0-9]*)?$/,
  ctime: /^-?[0-9]{1,19}(\.[0-9]*)?$/,
  uname: /^[^\0]*$/,
  gname: /^[^\0]*$/,
}

/**
 * Reads pax records. Only `path` and `size` matter here; a sparse file is refused, as its bytes are not those of the archive.
 * @throws INVALID_LAYOUT
 */
export function parsePax(bytes: Uint8Array, fail: Fail): Extension {
  const found = new Map<string, string>()
  for (const { key, value } of records(bytes, fail)) {
    if (key.startsWith('GNU.sparse.')) throw fail('has a sparse file')
    if (!names.includes(key)) continue
    if (found.has(key)) throw fail(`says "${key}" of one entry twice`)
    // An empty value means "as if it were not there", to some.
    if (value === '' || value.includes('\0')) throw fail(`has an entry whose "${key}" is empty or has a zero byte`)
    found.set(key, value)
  }
  const [path, size] = [found.get('path'), found.get('size')]
  if (size !== undefined && !(/^(0|[1-9][0-9]{0,15})$/.test(size) && Number.isSafeInteger(Number(size))))
    throw fail('has an entry whose size is not a number')
  return { ...(path !== undefined && { path }), ...(size !== undefined && { size: Number(size) }) }
}

/**
 * Holds a header for all that follow to saying nothing that matters: some readers obey it and others do not.
 * @throws INVALID_LAYOUT
 */
export function requireHarmless(bytes: Uint8Array, fail: Fail): void {
  for (const { key } of records(bytes, fail))
    if (names.includes(key) || key.startsWith('GNU.sparse.')) throw fail(`says "${key}" of all entries at once`)
}

/** Each record is its own length in decimal, a space, `key=value` and a line feed. */
function* records(bytes: Uint8Array, fail: Fail) {
  const broken = 'has a pax header that cannot be read'
  for (let start = 0; start < bytes.length; ) {
    const digits = /^([1-9][0-9]{0,7}) /.exec(latin1(bytes.subarray(start, start + 9)))?.[1]
    const end = start + Number(digits)
    if (digits === undefined || end > bytes.length || bytes[end - 1] !== 0x0a) throw fail(broken)
    const record = latin1(bytes.subarray(start + digits.length + 1, end - 1))
    const equals = record.indexOf('=')
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)]
    if (equals < 1 || key.includes('\0')) throw fail(broken)
    if (Object.hasOwn(forms, key) && value !== '' && !forms[key]!.test(value)) throw fail(`has a wrong ${key}`)
    yield { key, value }
    start = end
  }
}

/**
 * Reads GNU's long name.
 * @throws INVALID_LAYOUT
 */
export function parseLongName(bytes: Uint8Array, fail: Fail): Extension {
  const path = latin1(bytes).replace(/\0+$/, '')
  if (path === '' || path.includes('\0') || path.length > 8 * blockBytes) throw fail('has a long name that is none')
  return { path }
}
