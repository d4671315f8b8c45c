// SPDX-License-Identifier: Apache-2.0
// A module in memory that keeps to the specification where it matters here: one operation to a session, a PIN, handles
// that are good in one session only. Real modules have their turn in interop.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { signHash } from '@ocisign/conformance/fake'
import type { Algorithm } from '@ocisign/core'
import type { Attribute, Handle, Mechanism, Pkcs11Like } from '../src/module.js'

interface StoredObject {
  readonly attributes: ReadonlyMap<number, Uint8Array>
  readonly privateKey?: KeyObject
}

interface Session {
  signing?: { readonly key: StoredObject; readonly mechanism: Mechanism } | undefined
  found?: StoredObject[] | undefined
}

const failed = (code: number) => Object.assign(new Error(`CKR 0x${code.toString(16)}`), { code })
const number = (value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(value)
  return bytes
}

const curves: Readonly<Record<string, string>> = {
  'P-256': '06082a8648ce3d030107',
  'P-384': '06052b81040022',
  'P-521': '06052b81040023',
}
const hashes: Readonly<Record<number, Algorithm['hash']>> = { 592: 'sha256', 608: 'sha384', 624: 'sha512' }

export interface FakeModuleOptions {
  readonly pin?: string
  /** Sessions that it has. */
  readonly sessions?: number
  /** Whether points are wrapped as the specification says. */
  readonly wrapsPoints?: boolean
}

export type FakeModule = ReturnType<typeof createFakeModule>

export function createFakeModule({ pin = '1234', sessions: most = 3, wrapsPoints = true }: FakeModuleOptions = {}) {
  const objects: StoredObject[] = []
  const sessions = new Map<string, Session>()
  let isLoggedIn = false
  let count = 0
  let failure: { readonly code: number; left: number } | undefined
  let stalled = false
  let mostAtOnce = 0
  let signing = 0

  const sessionOf = (handle: Handle): Session => {
    const session = sessions.get(Buffer.from(handle).toString())
    if (!session) throw failed(0xb3)
    return session
  }
  const keyOf = (key: KeyObject, label: string, id: Uint8Array): void => {
    const jwk = key.export({ format: 'jwk' })
    const common: [number, Uint8Array][] = [
      [0x003, Buffer.from(label)],
      [0x102, Buffer.from(id)],
      [0x100, number(jwk.kty === 'RSA' ? 0 : jwk.kty === 'EC' ? 3 : 0x40)],
    ]
    const bytes = (text: string | undefined) => Buffer.from(text ?? '', 'base64url')
    const point = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)])
    const length = point.length < 128 ? [point.length] : [0x81, point.length]
    const wrapped = wrapsPoints ? Buffer.concat([Buffer.from([4, ...length]), point]) : point
    const publicHalf: [number, Uint8Array][] =
      jwk.kty === 'RSA'
        ? [
            [0x120, bytes(jwk.n)],
            [0x122, bytes(jwk.e)],
          ]
        : [
            [0x180, Buffer.from(curves[jwk.crv ?? ''] ?? '', 'hex')],
            [0x181, wrapped],
          ]
    objects.push({ attributes: new Map([[0, number(3)], ...common]), privateKey: key })
    objects.push({ attributes: new Map([[0, number(2)], ...common, ...publicHalf]) })
  }
  const matches = ({ attributes }: StoredObject, template: readonly Attribute[]) =>
    template.every(({ type, value }) => {
      const wanted =
        typeof value === 'number'
          ? number(value)
          : typeof value === 'string'
            ? Buffer.from(value)
            : (value as Uint8Array)
      const have = attributes.get(type)
      return have !== undefined && Buffer.compare(have, wanted) === 0
    })

  const module: Pkcs11Like = {
    C_GetSlotList: () => [Buffer.from('slot'), Buffer.from('other')],
    C_GetTokenInfo: (slot) => ({
      label: (Buffer.from(slot).toString() === 'slot' ? 'signer' : 'other').padEnd(32),
      serialNumber: '0001'.padEnd(16),
      manufacturerID: 'Fake'.padEnd(32),
      model: 'Fake'.padEnd(16),
    }),
    C_OpenSession() {
      if (sessions.size >= most) throw failed(0xb1)
      const handle = Buffer.from(`s${count++}`)
      sessions.set(handle.toString(), {})
      return handle
    },
    C_CloseSession(handle) {
      sessionOf(handle)
      sessions.delete(Buffer.from(handle).toString())
      if (sessions.size === 0) isLoggedIn = false
    },
    C_Login(handle, _user, given) {
      sessionOf(handle)
      if (isLoggedIn) throw failed(0x100)
      if (given !== pin) throw failed(0xa0)
      isLoggedIn = true
    },
    C_FindObjectsInit(handle, template) {
      const visible = isLoggedIn ? objects : objects.filter(({ privateKey }) => !privateKey)
      sessionOf(handle).found = visible.filter((object) => matches(object, template))
    },
    C_FindObjects(handle, maximum) {
      const some = sessionOf(handle).found?.splice(0, maximum) ?? []
      return some.map((object) => Buffer.from(`${Buffer.from(handle)}/${objects.indexOf(object)}`))
    },
    C_FindObjectsFinal(handle) {
      sessionOf(handle).found = undefined
    },
    C_GetAttributeValue(handle, object, template) {
      const found = objectOf(handle, object)
      return template.map(({ type }) => {
        const value = found.attributes.get(type)
        if (!value) throw failed(0x12)
        return { value }
      })
    },
    C_SignInit(handle, mechanism, object) {
      const session = sessionOf(handle)
      if (session.signing) throw failed(0x90)
      session.signing = { key: objectOf(handle, object), mechanism }
    },
    async C_SignAsync(handle, data) {
      const session = sessionOf(handle)
      const current = session.signing
      if (!current?.key.privateKey) throw failed(0x91)
      mostAtOnce = Math.max(mostAtOnce, ++signing)
      await new Promise<void>((resolve) => (stalled ? undefined : setImmediate(resolve)))
      signing--
      session.signing = undefined
      if (failure && failure.left-- > 0) {
        const { code } = failure
        if (code === 0xb3) sessions.delete(Buffer.from(handle).toString())
        if (code === 0x101) isLoggedIn = false
        throw failed(code)
      }
      return sign(current.key.privateKey, current.mechanism, data)
    },
  }
  const objectOf = (session: Handle, object: Handle): StoredObject => {
    sessionOf(session)
    const [owner, index] = Buffer.from(object).toString().split('/')
    const found = objects[Number(index)]
    // Good in the session that found it, and in no other.
    if (owner !== Buffer.from(session).toString() || !found) throw failed(0x82)
    return found
  }
  return {
    module,
    addKey: (label: string, type: string, id = Uint8Array.of(objects.length + 1)) => keyOf(generate(type), label, id),
    addPem: (label: string, pem: string, id = Uint8Array.of(objects.length + 1)) =>
      keyOf(createPrivateKey(pem), label, id),
    addCertificate: (der: Uint8Array) =>
      void objects.push({
        attributes: new Map([
          [0, number(1)],
          [0x11, Buffer.from(der)],
        ]),
      }),
    /** Fails the next signatures, all of them where left out, with a return value. */
    fail: (code: number, times = Number.POSITIVE_INFINITY) => {
      failure = { code, left: times }
    },
    /** Never answers a signature. */
    stall: () => {
      stalled = true
    },
    /** No more faults. What stalls keeps its session for ever. */
    recover: () => {
      failure = undefined
      stalled = false
    },
    /** As another part of the process may do it, or the token itself. */
    logOut: () => {
      isLoggedIn = false
    },
    sessions: () => sessions.size,
    mostAtOnce: () => mostAtOnce,
  }
}

function generate(type: string): KeyObject {
  if (type.startsWith('P-')) return generateKeyPairSync('ec', { namedCurve: type }).privateKey
  if (type === 'Ed25519') return generateKeyPairSync('ed25519').privateKey
  return generateKeyPairSync('rsa', { modulusLength: Number(type) }).privateKey
}

function sign(key: KeyObject, { mechanism, parameter }: Mechanism, data: Uint8Array): Uint8Array {
  const { crv } = key.export({ format: 'jwk' })
  if (mechanism === 0x1041)
    return signHash(key, { scheme: 'ECDSA', hash: 'sha256', keyBits: Number(crv?.slice(2)) }, data, { ecdsa: 'raw' })
  const hash = hashes[parameter?.hashAlg ?? 0]
  // The mask generation function of the same hash: 2 is SHA-256, 3 SHA-384, 4 SHA-512.
  if (mechanism !== 0x0d || !hash || parameter?.mgf !== { sha256: 2, sha384: 3, sha512: 4 }[hash]) throw failed(0x71)
  const keyBits = key.asymmetricKeyDetails?.modulusLength ?? 0
  return signHash(key, { scheme: 'RSASSA-PSS', hash, keyBits }, data, { saltLength: parameter.saltLen })
}
