// SPDX-License-Identifier: Apache-2.0
// Verification levels (trust-store-trust-policy, signature verification details).
import { type Action, defineLevel, type Level } from '../../verdict.js'

/** What a Notary Project policy decides about beside authenticity; integrity is always enforced. */
export type NotaryCheck = 'authenticTimestamp' | 'expiry' | 'revocation'

/** The levels that ask for a signature. */
export type NotaryLevelName = 'strict' | 'permissive' | 'audit'

/** What happens to each check that does not pass. */
export type NotaryLevel = Level<NotaryCheck> & {
  /** The level that the policy names; its actions may differ where `custom` says so. */
  readonly name: NotaryLevelName
  /** The policy overrides at least one action. */
  readonly custom: boolean
}

/** What an override may say, by check. */
export const overridableChecks = {
  authenticity: ['enforce', 'log'],
  authenticTimestamp: ['enforce', 'log'],
  expiry: ['enforce', 'log'],
  revocation: ['enforce', 'log', 'skip'],
} as const satisfies Readonly<Record<string, readonly Action[]>>

/** Actions that differ from the level's own. */
export type LevelOverride = {
  readonly [Check in keyof typeof overridableChecks]?: (typeof overridableChecks)[Check][number]
}

/** Makes a level, with what a policy overrides. */
export function makeLevel(name: NotaryLevelName, override: LevelOverride = {}): NotaryLevel {
  const authenticity = override.authenticity ?? (name === 'audit' ? 'log' : 'enforce')
  const other = name === 'strict' ? 'enforce' : 'log'
  const level = defineLevel(authenticity, {
    authenticTimestamp: override.authenticTimestamp ?? other,
    expiry: override.expiry ?? other,
    revocation: override.revocation ?? other,
  })
  return Object.freeze({ ...level, name, custom: Object.keys(override).length > 0 })
}
