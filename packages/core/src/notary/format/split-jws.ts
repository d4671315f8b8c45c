// SPDX-License-Identifier: Apache-2.0
// Takes apart what nearly all JWS signatures are made of; undefined for any other, which the general reader then judges.
import type { JsonObject, JsonValue } from '../../json.js'
import { isPlain, type JsonCursor, takeAll, takeMembers, takeString, takeStrings } from '../../json-cursor.js'
import { attributeNames } from '../attributes.js'
import { protectedNames } from './jws-header.js'

type Member = JsonValue | undefined

/** The members of an envelope. */
export interface JwsEnvelope {
  readonly payload: Member
  readonly protected: Member
  readonly signature: Member
  readonly header: JwsUnprotected | undefined
}

/** The members of an unprotected header; whatever else it has decides nothing. */
export interface JwsUnprotected {
  readonly x5c: Member
  readonly signingAgent: Member
  readonly timestamp: Member
  /** Of all members. */
  readonly names: readonly string[]
}

/** The members of a protected header. */
export interface JwsProtected {
  readonly alg: Member
  readonly cty: Member
  readonly crit: Member
  readonly signingScheme: Member
  readonly signingTime: Member
  readonly authenticSigningTime: Member
  readonly expiry: Member
  /** All others. */
  readonly extended: JsonObject
}

type Taken = string | readonly string[]

const envelopeNames: readonly string[] = ['payload', 'protected', 'signature', 'header']
const headerNames: readonly string[] = /* @__PURE__ */ (() => [
  'x5c',
  attributeNames.signingAgent,
  attributeNames.timestampSignature,
])()

/** Takes apart an envelope; its strings are to be base64, but for the signing agent. */
export function splitEnvelope(text: string): JwsEnvelope | undefined {
  const values = takeAll(text, takeEnvelope)
  if (!values) return
  const [payload, encodedHeader, signature, header] = values as readonly [Member, Member, Member, JwsUnprotected?]
  return { payload, protected: encodedHeader, signature, header }
}

const takeEnvelope = (cursor: JsonCursor) => takeMembers<string | JwsUnprotected>(cursor, envelopeNames, takeMember)

function takeMember(cursor: JsonCursor, place: number): string | JwsUnprotected | undefined {
  if (place !== 3) return takeString(cursor)
  const values = takeMembers<Taken>(cursor, headerNames, takeUnprotected)
  if (!values) return
  const [x5c, signingAgent, timestamp] = values
  // It may be any text, so it is looked into.
  if (typeof signingAgent === 'string' && !isPlain(signingAgent)) return
  return { x5c, signingAgent, timestamp, names: headerNames.filter((_, place) => values[place] !== undefined) }
}

const takeUnprotected = (cursor: JsonCursor, place: number): Taken | undefined =>
  place === 0 ? takeStrings(cursor) : takeString(cursor)

/** Takes apart a protected header without extended attributes; each of its strings is to be compared, or a time. */
export function splitProtected(text: string): JwsProtected | undefined {
  const values = takeAll(text, takeHeader)
  if (!values) return
  const [alg, cty, crit, signingScheme, signingTime, authenticSigningTime, expiry] = values
  return { alg, cty, crit, signingScheme, signingTime, authenticSigningTime, expiry, extended: {} }
}

const takeHeader = (cursor: JsonCursor) => takeMembers<Taken>(cursor, protectedNames, takeProtected)

const takeProtected = (cursor: JsonCursor, place: number): Taken | undefined =>
  place === 2 ? takeStrings(cursor) : takeString(cursor)
