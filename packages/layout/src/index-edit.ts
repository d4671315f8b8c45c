// SPDX-License-Identifier: Apache-2.0
import { type Descriptor, encodeText } from '@ocisign/core'
import { joinMember, splitJson, splitMember } from '@ocisign/core/node'
import { descriptorOf, type Entry, refNameAnnotation } from './entry.js'
import { type IndexFile, parseIndexFile } from './index-file.js'

/**
 * Lists content, unless it is listed; the first description stays. Returns the same where nothing changes.
 * @throws INVALID_INDEX where nobody could read the entry afterwards
 */
export function withEntry(index: IndexFile, descriptor: Descriptor): IndexFile {
  if (index.byDigest.has(descriptor.digest)) return index
  const { text, entry } = encodeReadableEntry(descriptor)
  // Reading anew what was read before would take most of the time in a large layout.
  return {
    text: editList(index.text, (list) => append(list, text)),
    entries: [...index.entries, entry],
    byRefName: index.byRefName,
    byDigest: new Map(index.byDigest).set(entry.digest, [entry]),
  }
}

const append = (list: string, entry: string) => {
  const rest = list === 'null' ? '[' : list.slice(0, -1).trimEnd()
  return `${rest}${rest === '[' ? '' : ','}${entry}]`
}

/**
 * Points a tag at content. What the tag named before stays listed, without the tag: a signature or an index that
 * nobody tagged would be lost otherwise. Returns the same where nothing changes.
 * @throws INVALID_INDEX where nobody could read the entry afterwards
 */
export function withTag(index: IndexFile, descriptor: Descriptor, tag: string): IndexFile {
  const named = index.byRefName.get(tag) ?? []
  if (named.length === 1 && named[0]!.digest === descriptor.digest) return index
  const edited = editEntries(index.text, (texts) => {
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
  return parseIndexFile(encodeText(edited))
}

const encodeEntry = (descriptor: Descriptor): string => {
  const { annotations } = descriptor
  const kept = Object.entries(annotations ?? {}).filter(([name]) => name !== refNameAnnotation)
  return JSON.stringify({
    ...descriptorOf(descriptor),
    ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
  })
}

/**
 * Writes an entry of an index, and reads it as whoever comes next will: one that cannot be read would take the whole
 * index with it.
 * @throws INVALID_INDEX
 */
export function encodeReadableEntry(descriptor: Descriptor): { readonly text: string; readonly entry: Entry } {
  const text = encodeEntry(descriptor)
  const { entries } = parseIndexFile(encodeText(`{"schemaVersion":2,"manifests":[${text}]}`))
  return { text, entry: entries[0]! }
}

function editEntries(text: string, edit: (entries: readonly string[]) => readonly string[]): string {
  return editList(text, (list) => `[${edit(list === 'null' ? [] : splitJson(list)).join(',')}]`)
}

/** Changes the list of manifests, and nothing else. */
function editList(text: string, edit: (list: string) => string): string {
  const members = splitJson(text).map((member) => {
    const { name, value } = splitMember(member)
    return name === 'manifests' ? joinMember({ name, value: edit(value) }) : member
  })
  return `{${members.join(',')}}`
}

/** Gives an entry a name, or takes it away. */
export function withRefName(entry: string, refName: string | undefined): string {
  const members = splitJson(entry)
  const position = members.findIndex((member) => splitMember(member).name === 'annotations')
  const annotations = position < 0 ? [] : splitJson(splitMember(members[position]!).value)
  const kept = annotations.filter((each) => splitMember(each).name !== refNameAnnotation)
  if (refName !== undefined) kept.push(joinMember({ name: refNameAnnotation, value: JSON.stringify(refName) }))
  const edited = kept.length > 0 ? [joinMember({ name: 'annotations', value: `{${kept.join(',')}}` })] : []
  if (position < 0) members.push(...edited)
  else members.splice(position, 1, ...edited)
  return `{${members.join(',')}}`
}
