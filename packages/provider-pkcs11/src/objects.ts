// SPDX-License-Identifier: Apache-2.0
import { encodePublicKey, OcisignError, orderChain, parseCertificate, printable, unsupportedKey } from '@ocisign/core'
import { type Attribute, attributes, type Handle, keyTypes, objectClasses, type Pkcs11Like } from './module.js'

/** What names a key on a token. */
export interface ObjectName {
  readonly label?: string | undefined
  readonly id?: Uint8Array | undefined
}

const most = 1000

/** The objects that are like that; more than a thousand are not looked at. */
function findObjects(module: Pkcs11Like, session: Handle, template: readonly Attribute[]): readonly Handle[] {
  const found: Handle[] = []
  module.C_FindObjectsInit(session, [...template])
  try {
    while (found.length < most) {
      const some = module.C_FindObjects(session, 20)
      if (some.length === 0) break
      // Copied: a module may write the next ones into the same place.
      found.push(...some.map((handle) => Buffer.from(handle)))
    }
  } finally {
    module.C_FindObjectsFinal(session)
  }
  return found
}

/** Attributes of an object as bytes; undefined for one that it does not have or does not show. */
function readAttributes(module: Pkcs11Like, session: Handle, object: Handle, ...types: readonly number[]) {
  return types.map((type) => {
    try {
      const [attribute] = module.C_GetAttributeValue(session, object, [{ type }])
      return attribute?.value instanceof Uint8Array ? new Uint8Array(attribute.value) : undefined
    } catch {
      return undefined
    }
  })
}

const nameTemplate = ({ label, id }: ObjectName): Attribute[] => [
  ...(label === undefined ? [] : [{ type: attributes.label, value: label }]),
  ...(id === undefined ? [] : [{ type: attributes.id, value: Buffer.from(id) }]),
]

/** The one private key of that name. @throws UNAVAILABLE_KEY where there is none, or more than one */
export function findPrivateKey(module: Pkcs11Like, session: Handle, name: ObjectName, id: string): Handle {
  const template = [{ type: attributes.class, value: objectClasses.privateKey }, ...nameTemplate(name)]
  const found = findObjects(module, session, template)
  if (found[0] && found.length === 1) return found[0]
  const why = found[0]
    ? `is the name of ${found.length} keys; name one by its id`
    : 'is not on this token, or not shown to whoever is logged in'
  throw new OcisignError('UNAVAILABLE_KEY', `${id} ${why}`, { id, retryable: false })
}

/** The public half, SubjectPublicKeyInfo in DER: from its own object, from the private key, or from a certificate. */
export function readPublicKey(
  module: Pkcs11Like,
  session: Handle,
  key: Handle,
  name: ObjectName,
  id: string,
): Uint8Array {
  const [keyType, ownId] = readAttributes(module, session, key, attributes.keyType, attributes.id)
  const wanted = ownId?.length ? { id: ownId } : name
  const template = [{ type: attributes.class, value: objectClasses.publicKey }, ...nameTemplate(wanted)]
  for (const object of [...findObjects(module, session, template), key]) {
    const spki = keyType?.[0] === keyTypes.rsa ? readRsa(module, session, object) : readEc(module, session, object)
    if (spki) return spki
  }
  const [certificate] = findCertificates(module, session, wanted)
  if (certificate && !('unsupported' in certificate.publicKey)) return certificate.publicKey.spki
  if (keyType?.[0] !== keyTypes.rsa && keyType?.[0] !== keyTypes.ec)
    throw unsupportedKey(id, `a key of the type 0x${(keyType?.[0] ?? 0).toString(16)}`)
  throw new OcisignError(
    'UNAVAILABLE_KEY',
    `${id} has no public half on the token; put it there, or its certificate, under the same id`,
    { id, retryable: false },
  )
}

function readRsa(module: Pkcs11Like, session: Handle, object: Handle): Uint8Array | undefined {
  const [n, e] = readAttributes(module, session, object, attributes.modulus, attributes.publicExponent)
  return n?.length && e?.length ? encodePublicKey({ n, e }) : undefined
}

/** Named curves, as DER (RFC 5480). */
const curves: Readonly<Record<string, { readonly crv: string; readonly width: number }>> = {
  '06082a8648ce3d030107': { crv: 'P-256', width: 32 },
  '06052b81040022': { crv: 'P-384', width: 48 },
  '06052b81040023': { crv: 'P-521', width: 66 },
}

function readEc(module: Pkcs11Like, session: Handle, object: Handle): Uint8Array | undefined {
  const [parameters, point] = readAttributes(module, session, object, attributes.ecParameters, attributes.ecPoint)
  const name = parameters && Buffer.from(parameters).toString('hex')
  const curve = name !== undefined && Object.hasOwn(curves, name) ? curves[name] : undefined
  if (!curve || !point) return undefined
  const { crv, width } = curve
  // The specification wraps it in an OCTET STRING; some modules do not.
  const bare = point.subarray(point.length - 2 * width - 1)
  if (bare.length !== 2 * width + 1 || bare[0] !== 4) return undefined
  return encodePublicKey({ crv, x: bare.subarray(1, 1 + width), y: bare.subarray(1 + width) })
}

/** The certificates of that name; unreadable ones are left out. */
function findCertificates(module: Pkcs11Like, session: Handle, name: ObjectName) {
  const template = [{ type: attributes.class, value: objectClasses.certificate }, ...nameTemplate(name)]
  return findObjects(module, session, template).flatMap((object) => {
    const [der] = readAttributes(module, session, object, attributes.value)
    try {
      return der ? [parseCertificate(der)] : []
    } catch {
      return []
    }
  })
}

/** The certificate of a public key and those that issued it, as far as they are on the token; none where it has none. */
export function readChain(module: Pkcs11Like, session: Handle, spki: Uint8Array): readonly Uint8Array[] {
  return orderChain(findCertificates(module, session, {}), spki).map(({ der }) => der)
}

/** How messages name an object. */
export const nameOf = ({ label, id }: ObjectName) =>
  [
    ...(label === undefined ? [] : [`object=${printable(label, 60)}`]),
    ...(id === undefined ? [] : [`id=${Buffer.from(id).toString('hex').slice(0, 60)}`]),
  ].join(';')
