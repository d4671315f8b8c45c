// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '@ocisign/core'
import { descriptorOf, refNameAnnotation } from './entry.js'
import type { IndexFile } from './index-file.js'
import { joinMember, splitJson, splitMember } from './json-text.js'

/** Lists content, unless it is listed; the first description stays. Returns the text unchanged where nothing changes. */
export function withEntry(index: IndexFile, descriptor: Descriptor): string {
  if (index.byDigest.has(descriptor.digest)) return index.text
  return editEntries(index.text, (entries) => [...entries, encodeEntry(descriptor)])
}

/**
 * Points a tag at content. What the tag named before stays listed, without the tag: a signature or an index that
 * nobody tagged would be lost otherwise.
 */
export function withTag(index: IndexFile, descriptor: Descriptor, tag: string): string {
  const named = index.byRefName.get(tag) ?? []
  if (named.length === 1 && named[0]!.digest === descriptor.digest) return index.text
  return editEntries(index.text, (texts) => {
    const edited = texts.map((text, position) =>
      index.entries[position]!.refName === tag ? withRefName(text, undefined) : text,
    )
    const candidates = [...edited.keys()].filter((position) => index.entries[position]!.digest === descriptor.digest)
    const untagged = candidates.find((position) => {
      const { refName } = index.entries[position]!
      return refName === undefined || refName === tag
    })
    // An entry has one name, so a second tag is a second entry, with what others said of the content.
    if (untagged !== undefined) edited[untagged] = withRefName(edited[untagged]!, tag)
    else edited.push(withRefName(candidates.length > 0 ? edited[candidates[0]!]! : encodeEntry(descriptor), tag))
    return edited
  })
}

/** Writes an entry of an index. */
export const encodeEntry = (descriptor: Descriptor): string => {
  const { annotations } = descriptor
  const kept = Object.entries(annotations ?? {}).filter(([name]) => name !== refNameAnnotation)
  return JSON.stringify({
    ...descriptorOf(descriptor),
    ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
  })
}

function editEntries(text: string, edit: (entries: readonly string[]) => readonly string[]): string {
  const members = splitJson(text).map((member) => {
    const { name, value } = splitMember(member)
    if (name !== 'manifests') return member
    return joinMember(name, `[${edit(value === 'null' ? [] : splitJson(value)).join(',')}]`)
  })
  return `{${members.join(',')}}`
}

/** Gives an entry a name, or takes it away. */
export function withRefName(entry: string, refName: string | undefined): string {
  const members = splitJson(entry)
  const position = members.findIndex((member) => splitMember(member).name === 'annotations')
  const annotations = position < 0 ? [] : splitJson(splitMember(members[position]!).value)
  const kept = annotations.filter((each) => splitMember(each).name !== refNameAnnotation)
  if (refName !== undefined) kept.push(joinMember(refNameAnnotation, JSON.stringify(refName)))
  const edited = kept.length > 0 ? [joinMember('annotations', `{${kept.join(',')}}`)] : []
  if (position < 0) members.push(...edited)
  else members.splice(position, 1, ...edited)
  return `{${members.join(',')}}`
}
