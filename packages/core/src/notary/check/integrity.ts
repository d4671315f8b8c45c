// SPDX-License-Identifier: Apache-2.0
import { verifySignature } from '#crypto'
import { algorithmName } from '../../algorithm.js'
import type { Awaitable } from '../../crypto/platform.js'
import { OcisignError } from '../../errors.js'
import type { ValidatedChain } from '../chain.js'
import type { UnverifiedEnvelope } from '../envelope.js'

/**
 * Tells whether the leaf's key made the envelope's signature, with the algorithm that follows from the key
 * (signature-specification, algorithm selection); what the headers say about it only has to agree.
 * @throws UNTRUSTED_INTEGRITY where they do not
 */
export function verifyEnvelopeSignature(envelope: UnverifiedEnvelope, chain: ValidatedChain): Awaitable<boolean> {
  const { algorithm } = chain
  if (envelope.algorithm.scheme !== algorithm.scheme || envelope.algorithm.hash !== algorithm.hash)
    throw new OcisignError(
      'UNTRUSTED_INTEGRITY',
      `the envelope says ${envelope.algorithm.scheme} with ${envelope.algorithm.hash}, but its certificate's key asks for ${algorithmName(algorithm)}`,
      { algorithm: algorithmName(algorithm) },
    )
  return verifySignature(chain.key, algorithm, envelope.toBeSigned, envelope.signature)
}

/** The error of a signature that does not fit. */
export function badSignature(chain: ValidatedChain): OcisignError {
  return new OcisignError('UNTRUSTED_INTEGRITY', 'the signature was not made over this content by its certificate', {
    algorithm: algorithmName(chain.algorithm),
  })
}
