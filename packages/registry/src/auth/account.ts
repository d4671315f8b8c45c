// SPDX-License-Identifier: Apache-2.0
import type { Action, Credential } from './types.js'

/** A token and what it may be used for. */
export interface IssuedToken {
  readonly header: string
  readonly actions: readonly string[]
  readonly isAnonymous: boolean
  /** Milliseconds of the clock. */
  readonly issued: number
  /** From then on it is not used any more, though it may still be good for a moment. */
  readonly stale: number
}

/** What is known of one repository: who asks, and with what. Nothing of it is ever used for another. */
export interface Account {
  /** A header for any action: a name and password, or a registry token. */
  fixed: { readonly header: string; readonly credential: Credential; readonly until: number } | undefined
  tokens: readonly IssuedToken[]
  /** What the source of credentials said; `undefined` inside is anonymous. */
  credential: { readonly value: Credential | undefined; readonly until: number } | undefined
  /** Until then it is not tried again, where it is certain that it is not good: an account is soon locked. */
  refused: { readonly credential: Credential; readonly until: number; readonly isCertain: boolean } | undefined
}

const times = {
  refusedMilliseconds: 60_000,
  /** Passwords of clouds run out, and not every registry says so with a 401 (Amazon ECR says 403). */
  credentialMilliseconds: 600_000,
  freshMilliseconds: 60_000,
  longestMarginMilliseconds: 30_000,
}
const maxTokens = 8

/** Creates an account of which nothing is known. */
export const createAccount = (): Account => ({
  fixed: undefined,
  tokens: [],
  credential: undefined,
  refused: undefined,
})

/** The header at hand for these actions: one that may do more in the same repository will do. */
export function headerOf(account: Account, actions: readonly Action[], now: number): string | undefined {
  if (account.fixed && now < account.fixed.until) return account.fixed.header
  return account.tokens.find((token) => isUsable(token, now) && actions.every((each) => token.actions.includes(each)))
    ?.header
}

// A clock that was set back makes every token stale.
const isUsable = ({ issued, stale }: IssuedToken, now: number) => issued <= now && now < stale

/** Keeps what the source of credentials said, for some minutes; then it is asked again. */
export function keepCredential(account: Account, value: Credential | undefined, now: number): void {
  account.credential = { value, until: now + times.credentialMilliseconds }
}

/** What the source said, where that is not long ago. */
export function knownCredential(account: Account, now: number): Account['credential'] {
  return account.credential && now < account.credential.until ? account.credential : undefined
}

/** Keeps a header that is good for any action, for as long as its credential. */
export function keepFixed(account: Account, header: string, credential: Credential): string {
  account.fixed = { header, credential, until: account.credential?.until ?? 0 }
  return header
}

/** Keeps a token that was asked for at `now`; its life is counted from before it was sent. */
export function keepToken(
  account: Account,
  token: Pick<IssuedToken, 'header' | 'actions' | 'isAnonymous'>,
  seconds: number,
  now: number,
): void {
  const milliseconds = seconds * 1000
  const margin = Math.min(milliseconds / 4, times.longestMarginMilliseconds)
  const others = account.tokens.filter((each) => isUsable(each, now) && each.header !== token.header)
  account.tokens = [{ ...token, issued: now, stale: now + milliseconds - margin }, ...others].slice(0, maxTokens)
}

/**
 * Forgets a header that was refused, and the credential in it; the token where it was issued within this minute. Some
 * registries say 401 to whoever may not write, too: only where it was for reading is it certain that it is not good.
 */
export function forgetHeader(
  account: Account,
  header: string,
  actions: readonly Action[],
  now: number,
): IssuedToken | undefined {
  const { fixed } = account
  if (fixed?.header === header) {
    account.fixed = undefined
    const isCertain = actions.every((each) => each === 'pull')
    refuseCredential(account, fixed.credential, now, isCertain)
  }
  const token = account.tokens.find((each) => each.header === header)
  account.tokens = account.tokens.filter((each) => each !== token)
  return token && now >= token.issued && now - token.issued < times.freshMilliseconds ? token : undefined
}

/**
 * Forgets a credential that was refused, so that its source is asked again. Where it is certain that it is not good, and
 * not only not enough for something, it is not tried again for a minute.
 */
export function refuseCredential(account: Account, credential: Credential, now: number, isCertain = true): void {
  account.credential = undefined
  account.refused = { credential, until: now + times.refusedMilliseconds, isCertain }
}

/** The credential that was refused a moment ago. */
export function refusedCredential(account: Account, now: number): Account['refused'] {
  return account.refused && now < account.refused.until ? account.refused : undefined
}
