// SPDX-License-Identifier: Apache-2.0
// What the two halves of the JWS codec share (signature-envelope-jws; RFC 7515, RFC 7518).
import { attributeNames } from '../attributes.js'

export const jwsMediaType = 'application/jose+json'

/** Protected headers that have a meaning here; Go would read them in any letter case. */
export const protectedNames: readonly string[] = /* @__PURE__ */ (() => [
  'alg',
  'cty',
  'crit',
  attributeNames.signingScheme,
  attributeNames.signingTime,
  attributeNames.authenticSigningTime,
  attributeNames.expiry,
])()

export const unprotectedNames: readonly string[] = /* @__PURE__ */ (() => [
  'x5c',
  attributeNames.timestampSignature,
  attributeNames.signingAgent,
])()

/** RFC 7515 section 4.1 and RFC 7797: names that `crit` must not have. */
const registeredNames: readonly string[] = [
  'alg',
  'b64',
  'crit',
  'cty',
  'jku',
  'jwk',
  'kid',
  'typ',
  'x5c',
  'x5t',
  'x5t#S256',
  'x5u',
]

/** Tells whether an extended attribute of this name may be critical. */
export function mayBeCriticalInJws(name: string | number): boolean {
  return typeof name === 'string' && !registeredNames.includes(name) && !unprotectedNames.includes(name)
}
