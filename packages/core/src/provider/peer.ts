// SPDX-License-Identifier: Apache-2.0
import { isOcisignError, OcisignError, printable } from '../errors.js'

/**
 * Loads the client library of a service, which is a peer dependency, when it is needed.
 *
 * Does not look which version it is: `peerDependencies` say that.
 * @throws MISUSE_PACKAGE where it is not installed, or cannot be loaded, with the command that mends it
 */
export async function importPeer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (isOcisignError(cause)) throw cause
    const message = isMissing(cause, name)
      ? `${name} is needed and not installed; install it beside this package: npm install ${name}`
      : `${name} is installed and cannot be loaded (${reasonOf(cause)}); build it anew: npm rebuild ${name}`
    throw new OcisignError('MISUSE_PACKAGE', message, { package: name }, { cause })
  }
}

/** Another module that is missing inside it is another trouble: a part that was not compiled, for one. */
function isMissing(cause: unknown, name: string): boolean {
  const { code, message = '' } = (cause ?? {}) as { readonly code?: string; readonly message?: string }
  return /^(?:ERR_)?MODULE_NOT_FOUND$/.test(code ?? '') && /'([^']*)'/.exec(message)?.[1] === name
}

const reasonOf = (cause: unknown) =>
  printable(String((cause as Error | undefined)?.message ?? cause).split('\n')[0]!, 120)
