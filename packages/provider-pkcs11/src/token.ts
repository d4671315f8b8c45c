// SPDX-License-Identifier: Apache-2.0
import { OcisignError, printable } from '@ocisign/core'
import { isSessionLost, keyError, mayBeLoggedOut } from './errors.js'
import { type Handle, type Pkcs11Like, sessionFlags, userType } from './module.js'

/** What {@link openToken} accepts. All of what is named has to match exactly one token. */
export interface TokenOptions {
  /** A loaded module, initialized with CKF_OS_LOCKING_OK. */
  readonly module: Pkcs11Like
  readonly label?: string | undefined
  readonly serialNumber?: string | undefined
  readonly manufacturer?: string | undefined
  readonly model?: string | undefined
  /** The user's PIN, or who is asked for it; undefined where the token wants none. */
  readonly pin?: string | (() => Promise<string | undefined>) | undefined
  /** Signatures at the same time; 4 by default. A module that has fewer sessions makes the others wait. */
  readonly sessions?: number | undefined
}

/** A token that somebody is logged in to. */
export interface Token {
  readonly module: Pkcs11Like
  /** Names it in messages: `pkcs11:token=LABEL`. */
  readonly id: string
  /** Lends a session for as long as `run` takes; others wait where all are lent. */
  use<T>(run: (session: Handle) => T | Promise<T>): Promise<T>
  /** Closes the sessions. The module stays initialized: whoever did that ends it. */
  close(): void
}

/**
 * Opens a token of a PKCS#11 module, and logs in.
 *
 * Login is for the whole process, as the specification has it: another login to the same token is as good.
 * @throws UNAVAILABLE_KEY where no token, or more than one, is like that
 * @throws DENIED_KEY for a PIN that is refused
 *
 * @example
 * ```ts compile
 * import { createPkcs11Key, openToken } from '@ocisign/provider-pkcs11'
 * import pkcs11js from 'pkcs11js'
 *
 * const module = new pkcs11js.PKCS11()
 * module.load('/usr/lib/softhsm/libsofthsm2.so')
 * module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK })
 * const token = await openToken({ module, label: 'signer', pin: async () => process.env.PIN })
 * const key = await createPkcs11Key({ token, label: 'release' })
 * console.log(key.id)
 * token.close()
 * module.C_Finalize()
 * ```
 */
export async function openToken(options: TokenOptions): Promise<Token> {
  const { module, pin, sessions: most = 4 } = options
  const { slot, id } = findToken(options)
  const idle: Handle[] = []
  const waiting: ((session: Handle | undefined) => void)[] = []
  let open = 0
  let isClosed = false

  /** Opens one more; undefined where the module has no more, and others may be waited for. */
  const openSession = (): Handle | undefined => {
    try {
      const session = module.C_OpenSession(slot, sessionFlags.serial)
      open++
      return session
    } catch (cause) {
      if (open > 0) return undefined
      // Nobody is left to give a session back: the next one has to find that out, too, and not to wait for ever.
      waiting.shift()?.(undefined)
      throw keyError(id, cause)
    }
  }
  const take = async (): Promise<Handle> => {
    if (isClosed) throw new OcisignError('UNAVAILABLE_KEY', `${id} is closed`, { id, retryable: false })
    const session = idle.pop() ?? (open < most ? openSession() : undefined)
    if (session) return session
    // Woken without one, there is room for a new one.
    return (await new Promise<Handle | undefined>((resolve) => waiting.push(resolve))) ?? take()
  }
  const giveBack = (session: Handle, isLost: boolean) => {
    if (isLost || isClosed) {
      open--
      closeQuietly(module, session)
      waiting.shift()?.(undefined)
      return
    }
    const next = waiting.shift()
    if (next) next(session)
    else idle.push(session)
  }

  const given = typeof pin === 'function' ? await pin() : pin
  let refused: unknown
  /** Logs in where nobody is logged in; says whether it did. */
  const login = (session: Handle): boolean => {
    // Three wrong PINs lock many tokens: one that was refused is not tried again.
    if (refused) throw refused
    if (given === undefined) return false
    try {
      module.C_Login(session, userType.user, given)
      return true
    } catch (cause) {
      // CKR_USER_ALREADY_LOGGED_IN: that is what was wanted.
      if ((cause as { readonly code?: unknown }).code === 256) return false
      const error = keyError(id, cause)
      if (error.code === 'DENIED_KEY') refused = error
      throw error
    }
  }
  // A login ends with the last session, or when the card is taken out: the next one begins with another.
  let needsLogin = true
  return {
    module,
    id,
    async use(run) {
      const session = await take()
      let isLost = false
      try {
        if (needsLogin) login(session)
        needsLogin = false
        try {
          return await run(session)
        } catch (cause) {
          // Another part of the process, or the token itself after a while, may have ended the login.
          if (!mayBeLoggedOut(cause) || !login(session)) throw cause
          return await run(session)
        }
      } catch (cause) {
        isLost = isSessionLost(cause)
        if (isLost) needsLogin = true
        throw cause
      } finally {
        giveBack(session, isLost)
      }
    },
    close() {
      isClosed = true
      for (const session of idle.splice(0)) {
        open--
        closeQuietly(module, session)
      }
      for (const wake of waiting.splice(0)) wake(undefined)
    },
  }
}

function closeQuietly(module: Pkcs11Like, session: Handle): void {
  try {
    module.C_CloseSession(session)
  } catch {
    // It is gone already.
  }
}

function findToken({ module, label, serialNumber, manufacturer, model }: TokenOptions) {
  const wanted = { token: label, serial: serialNumber, manufacturer, model }
  const named = Object.entries(wanted).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  const id = `pkcs11:${printable(named.join(';') || 'any token', 200)}`
  let slots: { readonly slot: Handle; readonly found: Readonly<Record<string, string>> }[]
  try {
    slots = module.C_GetSlotList(true).map((slot) => {
      const info = module.C_GetTokenInfo(slot)
      const found = {
        token: info.label,
        serial: info.serialNumber,
        manufacturer: info.manufacturerID,
        model: info.model,
      }
      // Fixed widths, filled with blanks.
      return { slot, found: Object.fromEntries(Object.entries(found).map(([name, text]) => [name, trim(text)])) }
    })
  } catch (cause) {
    throw keyError(id, cause)
  }
  const fitting = slots.filter(({ found }) =>
    Object.entries(wanted).every(([name, value]) => value === undefined || found[name] === value),
  )
  const [first] = fitting
  if (first && fitting.length === 1)
    return { slot: first.slot, id: `pkcs11:token=${printable(first.found.token ?? '', 60)}` }
  const labels = slots.map(({ found }) => `"${printable(found.token ?? '', 40)}"`).join(', ') || 'none'
  const why = first ? `${fitting.length} tokens are like that` : 'there is no such token'
  throw new OcisignError('UNAVAILABLE_KEY', `${id}: ${why}; tokens: ${labels}`, { id, retryable: false })
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: some modules fill with zeros.
const trim = (text: string) => text.replace(/[\u0000 ]+$/, '')
