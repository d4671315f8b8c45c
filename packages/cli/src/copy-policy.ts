// SPDX-License-Identifier: Apache-2.0
// Which side of a copy is verified, and what is said of a side that is not.
import {
  isOcisignError,
  type NotaryClaims,
  OcisignError,
  printable,
  type ReadableStore,
  selectPolicy,
  type Verifier,
} from '@ocisign/core'
import { type Invocation, type OptionSpec, parseChoice } from './command.js'
import { configOptions } from './config.js'
import { openVerifier } from './verifier.js'

/** Options of what has to hold for a copy. */
export const copyPolicyOptions = {
  verify: {
    type: 'string',
    value: 'both|source|destination|none',
    help: 'where trust policies have to be satisfied; wherever one applies by default, and one has to',
  },
  scope: {
    type: 'string',
    value: 'REPOSITORY',
    help: 'the repository that layouts count as; trust policies select by it',
  },
  ...configOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

type Side = 'source' | 'destination'

/** What is done about one side: it is verified under a policy, or it is not, for a reason. */
export type SidePlan =
  | { readonly policy: string; readonly verifier: Verifier<NotaryClaims> }
  | { readonly unverified: string }

/** What is done about both. */
export type CopyPolicy = Readonly<Record<Side, SidePlan>>

/** The stores of a copy, and whether what refers to the artifact comes along. */
export interface CopySides {
  readonly source: ReadableStore
  readonly destination: ReadableStore
  readonly referrers: boolean
}

/**
 * Decides what is verified. Where --verify says nothing, each side that a policy applies to is, and that none applies to
 * is an error: nothing is copied unverified unless somebody says so.
 * @throws MISUSE_OPTION | MISUSE_SCOPE | UNTRUSTED_NO_POLICY, and what reading the configuration throws
 */
export async function openCopyPolicy(invocation: Invocation, sides: CopySides): Promise<CopyPolicy> {
  const choices = ['both', 'source', 'destination', 'none'] as const
  const mode = parseChoice(invocation.text('verify'), choices, 'verify')
  if (mode === 'none') return { source: unwanted('none'), destination: unwanted('none') }
  const { policy, verifier } = await openVerifier(invocation, 'oci').catch(addAdvice)
  const plan = (side: Side): SidePlan => {
    if (mode !== undefined && mode !== 'both' && mode !== side) return unwanted(mode)
    const isChoice = mode === undefined
    if (isChoice && side === 'destination' && !sides.referrers)
      return { unverified: 'its signatures were left behind (--no-referrers)' }
    const { repository } = sides[side]
    if (repository === undefined) {
      if (isChoice) return { unverified: 'a layout has no repository; --scope gives it one' }
      const message = `say with --scope HOST/PATH which repository the layout at the ${side} counts as`
      throw new OcisignError('MISUSE_SCOPE', message, { policies: [] })
    }
    try {
      return { policy: selectPolicy(policy, { scope: repository }).name, verifier }
    } catch (error) {
      if (!isChoice || !isOcisignError(error, 'UNTRUSTED_NO_POLICY')) throw error
      return { unverified: `no trust policy is for "${printable(repository)}"` }
    }
  }
  const planned = { source: plan('source'), destination: plan('destination') }
  if ('unverified' in planned.source && 'unverified' in planned.destination)
    throw new OcisignError(
      'UNTRUSTED_NO_POLICY',
      `neither side is verified: at the source ${planned.source.unverified}, at the destination ${planned.destination.unverified}; --verify none copies all the same`,
      {},
    )
  return planned
}

const unwanted = (mode: string): SidePlan => ({ unverified: `--verify ${mode}` })

/** Who has no policy at all may want no verification; whether that is so is theirs to say. */
function addAdvice(error: unknown): never {
  if (!isOcisignError(error, 'UNAVAILABLE_NOT_FOUND')) throw error
  const message = `${error.message}; --verify none copies without verifying`
  throw new OcisignError('UNAVAILABLE_NOT_FOUND', message, error.details, { cause: error })
}
