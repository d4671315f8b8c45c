// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, printable } from '../../errors.js'
import { coversIdentity, parseTrustedIdentity, type TrustedIdentity } from '../identity.js'
import type { TrustStoreReference } from './document.js'
import { describeValue, type Members, type ProblemList, readChoice, readTexts } from './problems.js'
import { explainStoreName, trustStoreTypes } from './store-name.js'

/** Trust stores and identities of one policy at most; comparing identities is quadratic. */
const maxEntries = 1000

function missing(path: string, example: string, list: ProblemList): readonly never[] {
  list.error(path, `is missing; ${example}`)
  return []
}

/** Reads the trust stores of a policy, each once. */
export function readStores(members: Members, path: string, list: ProblemList): readonly TrustStoreReference[] {
  if (!members.has('trustStores')) return missing(path, 'list stores such as "ca:acme"', list)
  const texts = readTexts(members.get('trustStores'), path, maxEntries, list)
  if (Array.isArray(members.get('trustStores')) && texts.length === 0)
    list.error(path, 'is empty; list stores such as "ca:acme"')
  const stores = new Map<string, TrustStoreReference>()
  for (const { text, path: where } of texts) {
    const colon = text.indexOf(':')
    if (colon < 0) {
      list.error(where, `${describeValue(text)} has no type; write ca:NAME, signingAuthority:NAME or tsa:NAME`)
      continue
    }
    const type = readChoice(text.slice(0, colon), where, trustStoreTypes, list)
    const mistake = explainStoreName(text.slice(colon + 1))
    if (mistake !== undefined) list.error(where, mistake)
    if (stores.has(text)) list.warn(where, `${describeValue(text)} is listed twice`)
    else if (type) stores.set(text, Object.freeze({ type, name: text.slice(colon + 1) }))
  }
  return Object.freeze([...stores.values()])
}

/** Reads the trusted identities of a policy. */
export function readIdentities(members: Members, path: string, list: ProblemList): readonly TrustedIdentity[] {
  const example =
    'list subjects such as "x509.subject: C=US, ST=WA, O=Acme", or "*" alone for whoever the stores vouch for'
  if (!members.has('trustedIdentities')) return missing(path, example, list)
  const texts = readTexts(members.get('trustedIdentities'), path, maxEntries, list)
  if (Array.isArray(members.get('trustedIdentities')) && texts.length === 0) list.error(path, `is empty; ${example}`)
  const identities = texts.map(({ text, path: where }) => {
    try {
      return { identity: parseTrustedIdentity(text), where }
    } catch (error) {
      return void list.error(where, isOcisignError(error) ? error.message : String(error))
    }
  })
  const read = identities.filter((each) => each !== undefined)
  if (texts.length > 1 && texts.some(({ text }) => text === '*'))
    list.error(path, 'has "*" beside other identities; "*" already trusts everybody, so one of them is not meant')
  else reportOverlaps(read, list)
  return Object.freeze(read.map(({ identity }) => identity))
}

function reportOverlaps(read: readonly { identity: TrustedIdentity; where: string }[], list: ProblemList): void {
  for (const inner of read)
    for (const outer of read)
      if (inner !== outer && coversIdentity(outer.identity, inner.identity)) {
        // Two equal identities cover each other; the second is to blame.
        if (coversIdentity(inner.identity, outer.identity) && read.indexOf(inner) < read.indexOf(outer)) continue
        const text = printable(outer.identity.text, 100)
        list.error(inner.where, `overlaps with "${text}", which already trusts it; keep the one that is meant`)
        break
      }
}
