// SPDX-License-Identifier: Apache-2.0
// What is used of a PKCS#11 module, and the numbers of the specification (PKCS #11 v3.1) that are needed for it.

/** A handle, opaque. */
export type Handle = Uint8Array

export interface Attribute {
  readonly type: number
  readonly value?: number | boolean | Buffer | string
}

export interface Mechanism {
  readonly mechanism: number
  readonly parameter?: {
    readonly type: number
    readonly hashAlg: number
    readonly mgf: number
    readonly saltLen: number
  }
}

/**
 * What is used of a `PKCS11` of `pkcs11js` that has loaded its module and was initialized; the caller does both.
 *
 * Signatures are made on other threads, so it has to be initialized with `C_Initialize({ flags: CKF_OS_LOCKING_OK })`:
 * without, modules corrupt their memory.
 */
export interface Pkcs11Like {
  C_GetSlotList(tokenPresent?: boolean): Handle[]
  C_GetTokenInfo(slot: Handle): {
    readonly label: string
    readonly serialNumber: string
    readonly manufacturerID: string
    readonly model: string
  }
  C_OpenSession(slot: Handle, flags: number): Handle
  C_CloseSession(session: Handle): void
  C_Login(session: Handle, userType: number, pin?: string): void
  C_FindObjectsInit(session: Handle, template: Attribute[]): void
  C_FindObjects(session: Handle, maximum: number): Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: { readonly type: number }[],
  ): { readonly value: unknown }[]
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void
  C_SignAsync(session: Handle, data: Uint8Array, output: Uint8Array): Promise<Uint8Array>
}

export const userType = { user: 1 } as const
export const sessionFlags = { serial: 4 } as const
export const objectClasses = { certificate: 1, publicKey: 2, privateKey: 3 } as const
export const keyTypes = { rsa: 0, ec: 3 } as const
export const attributes = {
  class: 0x000,
  label: 0x003,
  value: 0x011,
  certificateType: 0x080,
  keyType: 0x100,
  id: 0x102,
  modulus: 0x120,
  publicExponent: 0x122,
  ecParameters: 0x180,
  ecPoint: 0x181,
} as const

const ecdsa = 0x1041
const rsaPss = 0x0d
const pssParameterType = 5

/** Each hash with its mechanism, its mask generation function, and its length. */
const hashes = {
  sha256: { hashAlg: 0x250, mgf: 2, saltLen: 32 },
  sha384: { hashAlg: 0x260, mgf: 3, saltLen: 48 },
  sha512: { hashAlg: 0x270, mgf: 4, saltLen: 64 },
} as const

/** How a hash is signed: many modules know no mechanism that hashes for itself. */
export function mechanismFor(scheme: string, hash: keyof typeof hashes): Mechanism {
  if (scheme === 'ECDSA') return { mechanism: ecdsa }
  return { mechanism: rsaPss, parameter: { type: pssParameterType, ...hashes[hash] } }
}
