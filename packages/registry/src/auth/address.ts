// SPDX-License-Identifier: Apache-2.0

/** How far a host is: on this machine, in its network, on its link, nowhere a service may be, or anywhere else. */
export type AddressKind = 'loopback' | 'private' | 'link-local' | 'reserved' | 'public'

/** First address, length of the prefix, kind; the first that fits counts. */
const ranges4: readonly (readonly [string, number, AddressKind])[] = [
  ['0.0.0.0', 8, 'reserved'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'private'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'private'],
  ['224.0.0.0', 3, 'reserved'],
]

/** Leading group under a mask. */
const ranges6: readonly (readonly [number, number, AddressKind])[] = [
  [0xfc00, 0xfe00, 'private'],
  [0xfe80, 0xffc0, 'link-local'],
  [0xfec0, 0xffc0, 'private'],
  [0xff00, 0xff00, 'reserved'],
]

/**
 * Tells the kind of a host from its spelling, as `URL` writes it (which knows `0x7f.1` and `2130706433` for what they
 * are); nothing is resolved. `localhost` is loopback, every other name is public.
 */
export function addressKind(hostname: string): AddressKind {
  const name = hostname.replace(/\.$/, '').toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback'
  const bytes = parseAddress4(name)
  if (bytes !== undefined) return kindOf4(bytes)
  const groups = name.startsWith('[') && name.endsWith(']') ? parseAddress6(name.slice(1, -1)) : undefined
  return groups ? kindOf6(groups) : 'public'
}

function parseAddress4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  if (!parts || parts.some((part) => part > 255)) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

function kindOf4(address: number): AddressKind {
  for (const [first, length, kind] of ranges4) {
    const size = 2 ** (32 - length)
    if (Math.floor(address / size) === Math.floor(parseAddress4(first)! / size)) return kind
  }
  return 'public'
}

/** Eight groups of an address as `URL` writes it: hexadecimal, with at most one `::`. */
function parseAddress6(text: string): readonly number[] | undefined {
  if (!/^[0-9a-f:]+$/.test(text)) return undefined
  const [before = '', after] = text.split('::')
  const split = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const [head, tail] = [split(before), split(after ?? '')]
  const missing = 8 - head.length - tail.length
  return after === undefined
    ? head.length === 8
      ? head
      : undefined
    : [...head, ...Array<number>(Math.max(missing, 0)).fill(0), ...tail]
}

function kindOf6(groups: readonly number[]): AddressKind {
  const group = (index: number) => groups[index] ?? 0
  const isZero = (from: number, to: number) => groups.slice(from, to).every((each) => each === 0)
  const embedded = (index: number) => kindOf4(group(index) * 65536 + group(index + 1))
  if (isZero(0, 7) && group(7) === 1) return 'loopback'
  if (isZero(0, 8)) return 'reserved'
  // Forms that hold an IPv4 address, and lead to it: mapped, compatible, translated (NAT64), 6to4.
  if (isZero(0, 5) && group(5) === 0xffff) return embedded(6)
  if (isZero(0, 4) && group(4) === 0xffff && group(5) === 0) return embedded(6)
  if (isZero(0, 6)) return embedded(6)
  if (group(0) === 0x64 && group(1) === 0xff9b) return group(2) === 1 ? 'private' : embedded(6)
  if (group(0) === 0x2002) return embedded(1)
  for (const [prefix, mask, kind] of ranges6) if ((group(0) & mask) === prefix) return kind
  return 'public'
}
