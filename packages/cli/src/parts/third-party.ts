// SPDX-License-Identifier: Apache-2.0
// Key providers that are no part of this program: `--provider PACKAGE`.
import { isOcisignError, type KeyOpener, OcisignError, type SigningKey } from '@ocisign/core'
import { importPackage } from '../packages.js'

const schemePattern = /^[a-z][a-z0-9+.-]+$/
const packagePattern = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/

const misuse = (name: string, why: string, cause?: unknown) =>
  new OcisignError('MISUSE_PACKAGE', `the package ${name} ${why}`, { package: name }, { cause })

/**
 * Loads the provider that a package's subpath `./uri`, or the package itself, exports, and holds it to its form.
 * @throws MISUSE_PACKAGE where it is missing, cannot be loaded, is no provider, or has a scheme of our own | MISUSE_OPTION
 */
export async function openThirdParty(name: string, builtIn: readonly string[]): Promise<KeyOpener> {
  if (!packagePattern.test(name) || name.length > 214)
    throw new OcisignError('MISUSE_OPTION', '--provider is the name of a package: npm-package or @scope/package', {
      option: 'provider',
    })
  const module = await load(name)
  const { scheme, openKey } = module
  if (typeof scheme !== 'string' || !schemePattern.test(scheme) || typeof openKey !== 'function')
    throw misuse(name, 'is no key provider: it exports no scheme and openKey, at its subpath ./uri or itself')
  if (builtIn.includes(scheme)) throw misuse(name, `opens ${scheme}: keys, which are built in; leave --provider out`)
  const opener = module as unknown as KeyOpener
  return {
    scheme,
    openKey: async (uri, options) =>
      guardKey(name, requireKey(name, await guard(name, scheme, () => opener.openKey(uri, options)))),
  }
}

async function load(name: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await importPackage(name, { subpath: '/uri' }).catch((error: unknown) => {
      if (!hasNoSubpath(error)) throw error
      return importPackage(name)
    })
  } catch (error) {
    throw isOcisignError(error) ? error : misuse(name, 'cannot be loaded; --debug shows why', error)
  }
}

/** Its package.json says so, or there is no such file in it. */
function hasNoSubpath(error: unknown): boolean {
  const { code, message = '' } = (error ?? {}) as { readonly code?: string; readonly message?: string }
  return code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' || (code === 'ERR_MODULE_NOT_FOUND' && /\/uri'/.test(message))
}

function requireKey(name: string, key: unknown): SigningKey {
  const { contract, id, algorithm, sign } = (key ?? {}) as Partial<SigningKey>
  const { scheme, hash, keyBits } = (algorithm ?? {}) as Partial<SigningKey['algorithm']>
  const isKey =
    contract === 'signing-key/1' &&
    [id, scheme, hash].every((each) => typeof each === 'string') &&
    typeof keyBits === 'number' &&
    typeof sign === 'function'
  if (isKey) return key as SigningKey
  throw misuse(name, 'opened something that is no key (contract signing-key/1)')
}

function guardKey(name: string, key: SigningKey): SigningKey {
  return {
    contract: key.contract,
    id: key.id,
    algorithm: key.algorithm,
    requiresTimestamp: key.requiresTimestamp === true,
    sign: (message, options) => guard(name, key.id, () => key.sign(message, options)),
  }
}

/** What an error says that is none of ours may hold anything: it is kept for --debug. */
async function guard<T>(name: string, id: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (isOcisignError(cause)) throw cause
    const message = `the package ${name} failed with an error of its own; --debug shows it`
    throw new OcisignError('UNAVAILABLE_KEY', message, { id, retryable: false }, { cause })
  }
}
