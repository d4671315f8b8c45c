// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { importPeer, OcisignError, type OpenKeyOptions, printable, type SigningKey } from '@ocisign/core'
import { createPkcs11Key } from '../key.js'
import type { Pkcs11Like } from '../module.js'
import { openToken } from '../token.js'
import { type Pkcs11Uri, parsePkcs11Uri } from './parse.js'

/** The scheme of {@link openKey}. */
export const scheme = 'pkcs11'

/** CKF_OS_LOCKING_OK. */
const osLocking = 2

/**
 * Opens a key by a PKCS#11 URI (RFC 7512): `pkcs11:token=…;object=…` (or `id=%01`), with `?module-path=FILE` where
 * `PKCS11_MODULE_PATH` does not say which module, and `pin-source=file:PATH` where nobody is to be asked for the PIN.
 *
 * The material is the certificate chain that is on the token, or the public key where there is none. Needs `pkcs11js`.
 * @throws INVALID_KEY for another URI, and what {@link createPkcs11Key} throws
 *
 * @example
 * ```ts compile
 * import { openKey } from '@ocisign/provider-pkcs11/uri'
 *
 * const uri = 'pkcs11:token=signer;object=release?module-path=/usr/lib/softhsm/libsofthsm2.so'
 * const key = await openKey(uri, { passphrase: async () => process.env.PIN })
 * console.log(key.id) // pkcs11:token=signer;object=release
 * ```
 */
export async function openKey(
  uri: string,
  { environment = process.env, passphrase }: OpenKeyOptions = {},
): Promise<SigningKey> {
  const parsed = parsePkcs11Uri(uri)
  const modulePath = parsed.modulePath ?? environment.PKCS11_MODULE_PATH
  if (!modulePath)
    throw new OcisignError(
      'INVALID_KEY',
      'the PKCS#11 URI names no module: add ?module-path=FILE, or set PKCS11_MODULE_PATH',
      {
        id: 'pkcs11:',
      },
    )
  const token = await openToken({
    module: await loadModule(modulePath),
    label: parsed.token,
    serialNumber: parsed.serial,
    manufacturer: parsed.manufacturer,
    model: parsed.model,
    pin: () => readPin(parsed, passphrase),
  })
  const { label, id } = parsed
  try {
    return await createPkcs11Key({ token, label, id, certificates: 'token' }).catch((error: unknown) => {
      if (error instanceof Error && /no certificate on the token/.test(error.message))
        return createPkcs11Key({ token, label, id })
      throw error
    })
  } catch (error) {
    // Nobody else could: tokens have few sessions.
    token.close()
    throw error
  }
}

async function loadModule(path: string): Promise<Pkcs11Like> {
  const { default: pkcs11js } = await importPeer('pkcs11js', () => import('pkcs11js'))
  const module = new pkcs11js.PKCS11()
  try {
    module.load(path)
    // Signatures are made on threads of Node's pool: a module that is not told so corrupts its memory.
    module.C_Initialize({ flags: osLocking })
  } catch (cause) {
    // CKR_CRYPTOKI_ALREADY_INITIALIZED: another key of the same process did it.
    if ((cause as { readonly code?: unknown }).code === 401) return module
    const id = `pkcs11:?module-path=${printable(path, 200)}`
    throw new OcisignError(
      'UNAVAILABLE_KEY',
      `the PKCS#11 module ${printable(path, 200)} cannot be loaded`,
      { id, retryable: false },
      { cause },
    )
  }
  return module
}

async function readPin(
  { pinSource, pinValue }: Pkcs11Uri,
  ask: OpenKeyOptions['passphrase'],
): Promise<string | undefined> {
  if (pinValue !== undefined) return pinValue
  if (pinSource === undefined) return ask?.()
  try {
    const path = pinSource.startsWith('file://') ? fileURLToPath(pinSource) : pinSource.replace(/^file:/, '')
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    const id = 'pkcs11:'
    throw new OcisignError('DENIED_KEY', `the PIN cannot be read from ${printable(pinSource, 200)}`, { id }, { cause })
  }
}
