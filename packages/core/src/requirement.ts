// SPDX-License-Identifier: Apache-2.0
// How verifiers are combined and answers are joined: the machinery under the verbs.
import type { Attachment } from './attachment.js'
import { errorKind, isOcisignError, OcisignError, type Refusal } from './errors.js'
import { isInconclusive, isRetryable, type NotRequired, type Verified } from './verdict.js'
import type { Requirement, TrustContext, Verifier } from './verifier.js'

/** One signature's fate. */
export interface Judgement<Claims = unknown> {
  /** Digest of the signature's layer, or of the manifest where that could not be read. */
  readonly by: string
  /** Digest of the manifest that the signature is stored under: what whoever attached it was told, and listings show. */
  readonly manifest?: string | undefined
  /** Of the signature; empty where it could not be read. */
  readonly mediaType: string
  readonly result: Verified<Claims> | OcisignError
}

/** Judges all signatures of one verifier's family. */
export type Judge<Claims> = (verifier: Verifier<Claims>) => AsyncIterable<Judgement<Claims>>

/** A cancelled call and a caller's bug end everything; any other error is an answer about `target`. */
export function refusalOf(error: unknown, target: string, signal?: AbortSignal): OcisignError {
  signal?.throwIfAborted()
  if (errorKind(error) === 'MISUSE') throw error
  if (isOcisignError(error)) return error
  return new OcisignError(
    'UNAVAILABLE_VERIFICATION',
    'verification failed in an unexpected way',
    { target, refusals: [], retryable: false },
    { cause: error },
  )
}

const misuse = (reason: string) => new OcisignError('MISUSE_REQUIREMENT', reason, { reason })

/**
 * Drops the verifiers whose policy asks for nothing here; what is dropped never counts as evidence.
 * @throws MISUSE_REQUIREMENT
 */
export function selectNeeded<C>(requirement: Requirement<C>, context: TrustContext): Requirement<C> | NotRequired {
  const shapes = ['verify', 'allOf', 'anyOf', 'threshold'].filter((shape) => shape in requirement)
  if (shapes.length !== 1) throw misuse('a requirement is a verifier, or has exactly one of allOf, anyOf, threshold')
  if ('verify' in requirement) return requirement.exemption(context) ?? requirement
  const parts: readonly Requirement<C>[] =
    'allOf' in requirement ? requirement.allOf : 'anyOf' in requirement ? requirement.anyOf : requirement.of
  if (parts.length === 0) throw misuse('an empty requirement holds for nothing')
  if ('threshold' in requirement && !(Number.isInteger(requirement.threshold) && requirement.threshold > 0))
    throw misuse('a threshold is a whole number above 0')
  const all = parts.map((part) => selectNeeded(part, context))
  const left = all.filter((part): part is Requirement<C> => !('decision' in part))
  if (left.length === 0)
    return { decision: 'not-required', policy: all.map((part) => (part as NotRequired).policy).join(', ') }
  if ('allOf' in requirement) return { allOf: left }
  if ('anyOf' in requirement) return { anyOf: left }
  return { threshold: requirement.threshold, of: left as readonly Verifier<C>[] }
}

/** The signatures that satisfy a requirement, verified before tolerated; undefined where it does not hold, and `refuse` heard why. */
export async function prove<C>(
  requirement: Requirement<C>,
  judge: Judge<C>,
  refuse: (by: string, error: unknown) => void,
): Promise<readonly Verified<C>[] | undefined> {
  if ('allOf' in requirement) return proveAll(requirement.allOf, judge, refuse)
  if ('anyOf' in requirement) return proveAny(requirement.anyOf, judge, refuse)
  if ('threshold' in requirement) return proveThreshold(requirement.threshold, requirement.of, judge, refuse)
  return proveThreshold(1, [requirement], judge, refuse)
}

type Refuse = (by: string, error: unknown) => void

async function proveAll<C>(parts: readonly Requirement<C>[], judge: Judge<C>, refuse: Refuse) {
  const proofs: Verified<C>[] = []
  for (const part of parts) {
    const found = await prove(part, judge, refuse)
    if (!found) return undefined
    proofs.push(...found)
  }
  return proofs
}

async function proveAny<C>(parts: readonly Requirement<C>[], judge: Judge<C>, refuse: Refuse) {
  let tolerated: readonly Verified<C>[] | undefined
  for (const part of parts) {
    const found = await prove(part, judge, refuse)
    if (found?.every(({ decision }) => decision === 'verified')) return found
    tolerated ??= found
  }
  return tolerated
}

async function proveThreshold<C>(threshold: number, of: readonly Verifier<C>[], judge: Judge<C>, refuse: Refuse) {
  const verified = new Map<string, Verified<C>>()
  const tolerated = new Map<string, Verified<C>>()
  for (const verifier of of) {
    try {
      for await (const { by, result } of judge(verifier)) {
        if (isOcisignError(result)) refuse(by, result)
        else if (result.decision === 'verified') verified.set(result.identity, result)
        // Who signed is not proven without authenticity, so one signer cannot be told from another.
        else if (threshold === 1 || result.outcomes.authenticity.status === 'passed')
          tolerated.set(result.identity, result)
        if (verified.size >= threshold) return [...verified.values()]
      }
    } catch (error) {
      refuse((verifier.attachment satisfies Attachment).family, error)
    }
  }
  const distinct = new Map([...verified, ...[...tolerated].filter(([identity]) => !verified.has(identity))])
  if (distinct.size >= threshold) return [...distinct.values()].slice(0, threshold)
  if (threshold > 1) {
    const identities = [...distinct.keys()]
    const message = `${distinct.size} of ${threshold} distinct identities signed`
    refuse('threshold', new OcisignError('UNTRUSTED_THRESHOLD', message, { threshold, identities }))
  }
  return undefined
}

/** Joins refusals to one answer: "no" only where every one of them was a definite no. */
export function refuseAll(target: string, refusals: readonly Refusal[]): OcisignError {
  if (refusals.some(({ error }) => isOcisignError(error, 'UNAVAILABLE_LIMIT')))
    return new OcisignError(
      'UNAVAILABLE_LIMIT',
      'stopped at a limit before anything satisfied the requirement',
      { target, refusals, retryable: false },
      { cause: refusals.find(({ error }) => isOcisignError(error, 'UNAVAILABLE_LIMIT'))?.error },
    )
  const unsure = refusals.find(({ error }) => isInconclusive(error))?.error
  if (unsure) {
    const prefix = 'could not find out whether a signature satisfies the policy: '
    const message = unsure.message.startsWith(prefix) ? unsure.message : `${prefix}${unsure.message}`
    const details = { target, refusals, retryable: isRetryable(refusals) }
    return new OcisignError('UNAVAILABLE_VERIFICATION', message, details, { cause: unsure })
  }
  return new OcisignError(
    'UNTRUSTED_NO_SIGNATURE',
    explainRefusals(refusals),
    { target, refusals },
    { cause: refusals[0]?.error },
  )
}

function explainRefusals(refusals: readonly Refusal[]): string {
  const [first] = refusals
  if (!first) return 'there is no signature'
  const { message } = first.error
  const threshold = refusals.find(({ error }) => isOcisignError(error, 'UNTRUSTED_THRESHOLD'))
  if (threshold) return `too few signatures satisfy the policy: ${threshold.error.message}`
  // Of a tree these are the answers about its manifests.
  const isTree = refusals.some(({ error }) => isOcisignError(error, 'UNTRUSTED_NO_SIGNATURE'))
  if (isTree && refusals.length === 1) return message
  if (isTree)
    return `${refusals.length} manifests have no signature that satisfies the policy, ${first.by} among them: ${message}`
  const which =
    refusals.length === 1 ? 'the signature does not satisfy' : `none of ${refusals.length} signatures satisfies`
  return `${which} the policy: ${message}`
}
