// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, printable } from '../../errors.js'
import { parseTrustedIdentity, type TrustedIdentity } from '../identity.js'
import type { TrustStoreReference } from './document.js'
import { describeValue, type Members, memberPath, type ProblemList, readChoice, readTexts } from './problems.js'
import { explainStoreName, trustStoreTypes } from './store-name.js'

const storeLimits = { maxLength: 1000, hint: 'list stores such as "ca:acme"' }
const identityLimits = {
  maxLength: 1000,
  hint: 'list subjects such as "x509.subject: C=US, ST=WA, O=Acme", or "*" alone for whoever the stores vouch for',
}

/** Reads the trust stores of a policy, each once. */
export function readStores(members: Members, path: string, list: ProblemList): readonly TrustStoreReference[] {
  const stores = new Map<string, TrustStoreReference>()
  for (const { text, path: where } of readTexts(members, 'trustStores', path, storeLimits, list)) {
    const colon = text.indexOf(':')
    if (colon < 0) {
      list.error(where, `${describeValue(text)} has no type; write ca:NAME, signingAuthority:NAME or tsa:NAME`)
      continue
    }
    const type = readChoice(text.slice(0, colon), where, trustStoreTypes, list)
    const name = text.slice(colon + 1)
    const mistake = explainStoreName(name)
    if (mistake !== undefined) list.error(where, mistake)
    if (stores.has(text)) list.warn(where, `${describeValue(text)} is listed twice`)
    else if (type) stores.set(text, Object.freeze({ type, name }))
  }
  return Object.freeze([...stores.values()])
}

interface PlacedIdentity {
  readonly identity: TrustedIdentity
  readonly path: string
}

/** Reads the trusted identities of a policy. */
export function readIdentities(members: Members, path: string, list: ProblemList): readonly TrustedIdentity[] {
  const texts = readTexts(members, 'trustedIdentities', path, identityLimits, list)
  const identities = texts.flatMap(({ text, path: where }): readonly PlacedIdentity[] => {
    try {
      return [{ identity: parseTrustedIdentity(text), path: where }]
    } catch (error) {
      list.error(where, isOcisignError(error) ? error.message : String(error))
      return []
    }
  })
  if (texts.length > 1 && texts.some(({ text }) => text === '*'))
    list.error(
      memberPath(path, 'trustedIdentities'),
      'has "*" beside other identities; "*" already trusts everybody, so one of them is not meant',
    )
  reportOverlaps(identities, list)
  return Object.freeze(identities.map(({ identity }) => identity))
}

/** Identities that name the same attributes, by the values of those. */
interface Shape {
  readonly types: readonly string[]
  readonly byValues: Map<string, PlacedIdentity>
}

/**
 * Reports identities that another one already covers, because all its attributes are among theirs. Looked up by the
 * attributes they name rather than pair by pair: a document may list many.
 */
function reportOverlaps(identities: readonly PlacedIdentity[], list: ProblemList): void {
  const shapes = new Map<string, Shape>()
  const report = ({ path }: PlacedIdentity, { identity }: PlacedIdentity) =>
    list.error(
      path,
      `overlaps with "${printable(identity.text, 100)}", which trusts it, too; keep the one that is meant`,
    )
  const read = identities.flatMap((placed) => {
    if (placed.identity.kind !== 'x509.subject') return []
    const attributes = new Map(placed.identity.attributes.map(({ type, value }) => [type, value]))
    const types = [...attributes.keys()].sort()
    return [{ placed, attributes, types }]
  })
  for (const { placed, attributes, types } of read) {
    const key = types.join()
    const shape = shapes.get(key) ?? { types, byValues: new Map() }
    shapes.set(key, shape)
    const equal = shape.byValues.get(valuesOf(attributes, types))
    if (equal) report(placed, equal)
    else shape.byValues.set(valuesOf(attributes, types), placed)
  }
  for (const { placed, attributes } of read)
    for (const { types, byValues } of shapes.values()) {
      if (types.length >= attributes.size || !types.every((type) => attributes.has(type))) continue
      const outer = byValues.get(valuesOf(attributes, types))
      if (outer) report(placed, outer)
    }
}

const valuesOf = (attributes: ReadonlyMap<string, string>, types: readonly string[]) =>
  JSON.stringify(types.map((type) => attributes.get(type)))
