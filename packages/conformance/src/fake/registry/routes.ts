// SPDX-License-Identifier: Apache-2.0

/** What a path names. */
export type Route =
  | { readonly what: 'base' }
  | { readonly what: 'manifests'; readonly name: string; readonly reference: string }
  | { readonly what: 'blobs'; readonly name: string; readonly reference: string }
  | { readonly what: 'uploads'; readonly name: string; readonly reference: string }
  | { readonly what: 'tags'; readonly name: string }
  | { readonly what: 'referrers'; readonly name: string; readonly reference: string }
  | { readonly what: 'unknown' }

const forms = [
  ['uploads', /^\/v2\/(?<name>.+)\/blobs\/uploads\/(?<reference>[^/]*)$/],
  ['blobs', /^\/v2\/(?<name>.+)\/blobs\/(?<reference>[^/]+)$/],
  ['manifests', /^\/v2\/(?<name>.+)\/manifests\/(?<reference>[^/]+)$/],
  ['referrers', /^\/v2\/(?<name>.+)\/referrers\/(?<reference>[^/]+)$/],
  ['tags', /^\/v2\/(?<name>.+)\/tags\/list$/],
] as const

/** Reads a path; names and references are as they came, not yet checked. */
export function routeOf(path: string): Route {
  if (path === '/v2/' || path === '/v2') return { what: 'base' }
  for (const [what, form] of forms) {
    const found = form.exec(path)?.groups as { name: string; reference: string } | undefined
    if (found) return { what, ...found, reference: decode(found.reference ?? '') }
  }
  return { what: 'unknown' }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Repository names (distribution-spec, pulling manifests), without the host and at most 255 characters. */
export const isName = (name: string): boolean =>
  name.length <= 255 && name.split('/').every((part) => /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/.test(part))

export const isTagName = (tag: string): boolean => /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(tag)
