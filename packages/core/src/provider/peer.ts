// SPDX-License-Identifier: Apache-2.0
import { OcisignError } from '../errors.js'

/**
 * Loads the client library of a service, which is a peer dependency, when it is needed.
 * @throws MISUSE_PACKAGE where it is not installed, with the command that installs it
 */
export async function importPeer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    const { code, message = '' } = (cause ?? {}) as { readonly code?: string; readonly message?: string }
    // Another module that is missing inside it is another trouble.
    if ((code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') || !message.includes(name)) throw cause
    throw new OcisignError(
      'MISUSE_PACKAGE',
      `${name} is needed and not installed; install it beside this package: npm install ${name}`,
      { package: name },
      { cause },
    )
  }
}
