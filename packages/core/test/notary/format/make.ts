// SPDX-License-Identifier: Apache-2.0
// Envelopes made by hand: well-formed unless told otherwise, and signed by nobody.
import { concatBytes, encodeBase64, encodeBase64Url, encodeText } from '../../../src/bytes.js'
import { payloadMediaType } from '../../../src/notary/envelope.js'
import type { CborLabel } from '../../../src/notary/format/cbor-value.js'
import { encodeByteString, encodeItem, encodeMap } from '../../../src/notary/format/cbor-writer.js'

export const payloadText = `{"targetArtifact":{"mediaType":"a/b","digest":"sha256:${'0'.repeat(64)}","size":5}}`
export const payload = encodeText(payloadText)
export const signature = Uint8Array.from({ length: 64 }, (_, index) => index)
/** No certificates: decoders do not look into them. */
export const chain = [Uint8Array.of(0x30, 1), Uint8Array.of(0x30, 2)]

export const time = '2026-11-20T10:20:30Z'
export const seconds = Date.parse(time) / 1000

/** A member replaced by undefined is left out. */
export type Members = Readonly<Record<string, unknown>>

const scheme = 'io.cncf.notary.signingScheme'

export const protectedHeader: Members = {
  alg: 'ES256',
  crit: [scheme],
  cty: payloadMediaType,
  [scheme]: 'notary.x509',
  'io.cncf.notary.signingTime': time,
}

export const jwsMembers = (changes: Members = {}, header: Members = {}, protectedChanges: Members = {}) => ({
  payload: encodeBase64Url(payload),
  protected: encodeBase64Url(encodeText(JSON.stringify({ ...protectedHeader, ...protectedChanges }))),
  header: { x5c: chain.map(encodeBase64), ...header },
  signature: encodeBase64Url(signature),
  ...changes,
})

/** A JWS envelope with members changed: of the envelope, its unprotected and its protected header. */
export const makeJws = (changes?: Members, header?: Members, protectedChanges?: Members) =>
  encodeText(JSON.stringify(jwsMembers(changes, header, protectedChanges)))

/** A JWS envelope with its protected header as this text. */
export const jwsWithProtected = (text: string | Uint8Array) =>
  makeJws({ protected: encodeBase64Url(typeof text === 'string' ? encodeText(text) : text) })

/** The text of the protected header with one member added at its end, as it is written. */
export const protectedText = (member: string) => `${JSON.stringify(protectedHeader).slice(0, -1)},${member}}`

export type Labels = readonly (readonly [CborLabel, unknown])[]

const coseProtected: Labels = [
  [1, -7],
  [2, [scheme]],
  [3, payloadMediaType],
  [scheme, 'notary.x509'],
  ['io.cncf.notary.signingTime', { cborTag: 1, value: seconds }],
]

/** Adds and replaces labels; one whose value is `absent` is left out. */
export const absent = Symbol('absent')
function changed(labels: Labels, changes: Labels): Uint8Array {
  const map = new Map([...labels, ...changes])
  return encodeMap([...map].filter(([, value]) => value !== absent).map(([label, value]) => [label, encodeItem(value)]))
}

export interface CoseParts {
  readonly head?: readonly number[]
  readonly protected?: Uint8Array
  readonly unprotected?: Uint8Array
  readonly payload?: Uint8Array
  readonly signature?: Uint8Array
  readonly tail?: readonly number[]
}

/** A COSE envelope of encoded parts, those not given well-formed. */
export const coseOf = (parts: CoseParts = {}) =>
  concatBytes(
    Uint8Array.from(parts.head ?? [0xd2, 0x84]),
    parts.protected ?? encodeByteString(changed(coseProtected, [])),
    parts.unprotected ?? changed([[33, chain]], []),
    parts.payload ?? encodeByteString(payload),
    parts.signature ?? encodeByteString(signature),
    Uint8Array.from(parts.tail ?? []),
  )

/** A COSE envelope with labels changed in its protected and unprotected header. */
export const makeCose = (protectedChanges: Labels = [], unprotectedChanges: Labels = []) =>
  coseOf({
    protected: encodeByteString(changed(coseProtected, protectedChanges)),
    unprotected: changed([[33, chain]], unprotectedChanges),
  })

/** Bytes written as hexadecimal with spaces, and text in quotes. */
export function cbor(text: string): Uint8Array {
  const parts = text.match(/"[^"]*"|[0-9a-f]{2}/g) ?? []
  return concatBytes(
    ...parts.map((part) =>
      part.startsWith('"') ? encodeText(part.slice(1, -1)) : Uint8Array.of(Number.parseInt(part, 16)),
    ),
  )
}
