// SPDX-License-Identifier: Apache-2.0
// What runs on the page of tools/run-browser.mjs: only verifying, with the browser's own fetch and WebCrypto. `expected`
// is put in when this is bundled.
import {
  coseDecoder,
  createMemoryTrustStore,
  createNotaryVerifier,
  decodeBase64,
  isOcisignError,
  jwsDecoder,
  type NotaryClaims,
  parseTrustPolicy,
  type Verdict,
  verifyArtifact,
} from '@ocisign/core'
import { createRegistry } from '@ocisign/registry'

interface Expected {
  readonly images: readonly { readonly repository: string; readonly tag: string; readonly digest: string }[]
  /** The certificate to trust, Base64. */
  readonly root: string
  readonly organization: string
}

declare const expected: Expected

const { images, root, organization } = expected
const statement = {
  name: 'page',
  registryScopes: ['*'],
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:page'],
  trustedIdentities: [`x509.subject: C=US, ST=WA, O=${organization}`],
}

/** Verifies every image by tag and by digest; prints a line for each: the reference, then the verdict. */
export async function main(print: (line: string) => void): Promise<void> {
  const policy = parseTrustPolicy({ version: '1.0', trustPolicies: [statement] }, 'oci')
  const trustStore = await createMemoryTrustStore({ ca: { page: [decodeBase64(root)] } })
  const verifier = createNotaryVerifier({ policy, trustStore, formats: [jwsDecoder, coseDecoder] })
  const registry = createRegistry({})
  for (const { repository, tag, digest } of images)
    for (const reference of [tag, digest])
      print(
        `${reference} ${await verdictOn(() => verifyArtifact(registry.repository(repository), reference, verifier))}`,
      )
}

async function verdictOn(verify: () => Promise<Verdict<NotaryClaims>>): Promise<string> {
  try {
    const verdict = await verify()
    return 'target' in verdict ? `${verdict.decision} ${verdict.target.digest}` : verdict.decision
  } catch (error) {
    return isOcisignError(error) ? `${error.code} ${error.message}` : `a crash: ${error}`
  }
}
