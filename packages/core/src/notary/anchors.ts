// SPDX-License-Identifier: Apache-2.0
// The trusted certificates of a policy, loaded once for a verifier.
import { equalBytes } from '../bytes.js'
import type { Awaitable } from '../crypto/platform.js'
import { isOcisignError, type OcisignError } from '../errors.js'
import type { Certificate } from '../x509/certificate.js'
import type { ProvenCertificate } from '../x509/path.js'
import type { SigningScheme } from './envelope.js'
import type { TrustStoreReference, VerifyingPolicy } from './policy/document.js'
import { formatStore } from './policy/store-name.js'
import type { TrustAnchor, TrustStore } from './trust-store.js'

/** Whom a policy trusts for one signing scheme. */
export interface Anchors {
  readonly certificates: readonly Certificate[]
  /** The stores they are from, as policies write them: `ca:acme`. */
  readonly stores: readonly string[]
  /** Finds the trusted root with exactly these bytes, whose own signature was verified when it was loaded. */
  readonly findRoot: (der: Uint8Array) => ProvenCertificate | undefined
}

/** Loads the anchors of a policy, at once where they are at hand; why they could not be loaded is an answer, not thrown. */
export type LoadAnchors = (policy: VerifyingPolicy, scheme: SigningScheme) => Awaitable<Anchors | OcisignError>

/** Makes a loader that remembers what it loaded; what could not be loaded is tried again. */
export function createAnchorLoader(trustStore: TrustStore): LoadAnchors {
  const loaded = new Map<VerifyingPolicy, Map<SigningScheme, Anchors>>()
  return (policy, scheme) => {
    const ofPolicy = loaded.get(policy) ?? new Map<SigningScheme, Anchors>()
    const known = ofPolicy.get(scheme)
    if (known) return known
    loaded.set(policy, ofPolicy)
    // Types do not mix: a timestamping authority never vouches for who signed, nor one scheme's stores for the other's.
    const type = scheme === 'notary.x509' ? 'ca' : 'signingAuthority'
    const stores = policy.trustStores.filter((store) => store.type === type)
    const remember = (anchors: readonly TrustAnchor[]) => {
      const made = makeAnchors(stores, anchors)
      ofPolicy.set(scheme, made)
      return made
    }
    try {
      const anchors = loadStores(trustStore, stores)
      return anchors instanceof Promise ? anchors.then(remember, asAnswer) : remember(anchors)
    } catch (error) {
      return asAnswer(error)
    }
  }
}

/** An error of ours, as an answer; any other is thrown. */
export function asAnswer(error: unknown): OcisignError {
  if (isOcisignError(error)) return error
  throw error
}

/** Loads stores one after the other; waits for nothing that is at hand. */
function loadStores(
  trustStore: TrustStore,
  stores: readonly TrustStoreReference[],
  anchors: readonly TrustAnchor[] = [],
  start = 0,
): Awaitable<readonly TrustAnchor[]> {
  const all = [...anchors]
  for (let next = start; next < stores.length; next++) {
    const loaded = trustStore.load(stores[next]!)
    // Anything else is a promise, wherever it is from.
    if (!Array.isArray(loaded))
      return Promise.resolve(loaded).then((later) => loadStores(trustStore, stores, [...all, ...later], next + 1))
    all.push(...loaded)
  }
  return all
}

function makeAnchors(stores: readonly TrustStoreReference[], anchors: readonly TrustAnchor[]): Anchors {
  return {
    certificates: anchors.map(({ certificate }) => certificate),
    stores: stores.map(formatStore),
    findRoot(der) {
      for (const { certificate, key } of anchors)
        if (key && equalBytes(certificate.der, der)) return { certificate, key }
      return undefined
    },
  }
}
