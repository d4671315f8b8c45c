// SPDX-License-Identifier: Apache-2.0
import {
  type Algorithm,
  algorithmName,
  equalAlgorithms,
  equalBytes,
  isOcisignError,
  notaryAlgorithms,
  printable,
  type RawSignature,
  type SigningKey,
} from '@ocisign/core'
import { type ConformanceCase, describe, needs, rejectionOf } from './case.js'
import { needsNoSecret, type Secret } from './signing-key-secrets.js'
import { diagnose, importMaterial, signatureLength, spkiOf, type VerifyRaw, verifyRaw } from './signing-key-verify.js'

/** A way in which the key's backend fails, and the code that has to come of it. */
export interface KeyFailure {
  /** `throttled`, `wrong passphrase` … */
  readonly name: string
  readonly code: string
  /** The provider finds it out by itself, so no error of the backend's is there to be the `cause`. */
  readonly hasNoCause?: boolean
  /** How often it is tried before it is given up, which `details.tries` has to say; left out, nobody looks. */
  readonly tries?: number
  /** Opens a key whose backend fails that way, when it is opened or when it signs. */
  create(): Promise<SigningKey>
}

/** What {@link signingKeyCases} needs to know. */
export interface SigningKeyCasesOptions {
  /** Opens the key; each case asks anew. */
  create(): Promise<SigningKey>
  /** Where the key may fail, and how; each makes a case. */
  readonly failures?: readonly KeyFailure[]
  /** Opens a key whose backend never answers: only an abort ends its `sign`. For keys that are somewhere else. */
  createStalled?(): Promise<SigningKey>
  /** What must not show anywhere: the passphrase, the token, the private key. */
  readonly secrets?: readonly Secret[]
  /** How the runtime shows a value to people: `inspect` of `node:util`. */
  inspect?(value: unknown): string
  /** The six of the Notary Project by default. */
  readonly algorithms?: readonly Algorithm[]
  /** How many `sign` calls run at once; 50 by default. */
  readonly concurrency?: number
  /** The longest message to be signed, in bytes; 10,000,000 by default. */
  readonly longestMessage?: number
  /** WebCrypto by default. */
  readonly verify?: VerifyRaw
}

type Check = (key: SigningKey) => void | Promise<void>

/**
 * The contract of a `SigningKey` as cases for any test runner; a provider passes all of them.
 *
 * @example
 * ```ts
 * import { signingKeyCases } from '@ocisign/conformance'
 * import { notaryAlgorithms } from '@ocisign/core'
 * import { generateKey } from '@ocisign/provider-local'
 *
 * const cases = signingKeyCases({ create: () => generateKey(notaryAlgorithms[0]!) })
 * for (const { run } of cases) await run() // in a test runner: test(name, run)
 * ```
 */
export function signingKeyCases(options: SigningKeyCasesOptions): readonly ConformanceCase[] {
  const { algorithms = notaryAlgorithms, concurrency = 50, longestMessage = 10_000_000 } = options
  const one = (name: string, check: Check): ConformanceCase => ({
    name,
    run: async () => check(await options.create()),
  })
  const signs = (name: string, message: (key: SigningKey) => Uint8Array) =>
    one(`signs ${name}`, (key) => signAndVerify(key, message(key), options).then(() => undefined))
  return [
    one('keeps to the contract signing-key/1', (key) => {
      needs(key.contract === 'signing-key/1', `the contract is "${describe(key.contract)}", not "signing-key/1"`)
      needs(typeof key.sign === 'function', 'there is no function sign')
    }),
    one('has an id that can be shown', ({ id }) => {
      needs(typeof id === 'string' && id.length > 0, 'the id is empty')
      needs(printable(id, 4096) === id, 'the id has control characters, or more than 4,096 characters')
    }),
    one('has a supported algorithm', ({ algorithm }) => {
      const names = algorithms.map(algorithmName).join(', ')
      const supported = algorithms.some((each) => equalAlgorithms(each, algorithm))
      needs(supported, `${algorithmName(algorithm)} is none of ${names}; opening the key throws UNSUPPORTED_KEY`)
    }),
    signs('a message, which it hashes once', () => counting(100)),
    signs('an empty message', () => new Uint8Array()),
    signs('a message as long as its hash, which it hashes nevertheless', hashLong),
    signs('a message of more than 4,096 bytes', () => counting(4097)),
    signs(`a message of ${longestMessage} bytes`, () => counting(longestMessage)),
    signs('a message that is a part of a larger buffer', () => counting(300).subarray(100, 200)),
    one('leaves the message as it was', async (key) => {
      const message = counting(100)
      await key.sign(message)
      needs(equalBytes(message, counting(100)), 'the message was changed')
    }),
    one('makes signatures of the exact width, ECDSA as r‖s and not DER', needsWidth),
    one('comes with a public key of its algorithm and size, the same each time', async (key) => {
      const [{ material }, second] = [await key.sign(counting(1)), await key.sign(counting(2))]
      await importMaterial(key.algorithm, material)
      // Certificates may live as short as one signature; a bare public key is who signed.
      const changed = material.kind === 'public-key' && !equalBytes(material.spki, spkiOf(second.material))
      needs(!changed, 'two signatures have two public keys')
    }),
    one('refuses to sign for a caller that has given up', async (key) => needsReason(key, AbortSignal.abort(reason()))),
    one('settles when the caller gives up while it signs', async (key) => needsSettled(key, options)),
    ...(options.createStalled ? [stalled(options.createStalled)] : []),
    one(`signs ${concurrency} messages at once`, async (key) => {
      const messages = Array.from({ length: concurrency }, (_, index) => counting(200 + index))
      await Promise.all(messages.map((message) => signAndVerify(key, message, options)))
    }),
    one('shows no secret', async (key) => {
      const { secrets = [], inspect } = options
      needsNoSecret(key, 'the key', secrets, inspect)
      needsNoSecret(await key.sign(counting(3)), 'a signature', secrets, inspect)
      const signal = AbortSignal.abort(reason())
      needsNoSecret(await rejectionOf(key.sign(counting(3), { signal }), 'signing'), 'an error', secrets, inspect)
    }),
    ...(options.failures ?? []).map((failure) => failing(failure, options)),
  ]
}

/** Bytes; another length starts with another byte. */
function counting(length: number): Uint8Array {
  return new Uint8Array(length).map((_, index) => (index * 31 + length) & 0xff)
}

const hashLong = ({ algorithm }: SigningKey) => counting(Number(algorithm.hash.slice(3)) / 8)
const reason = () => new Error('the caller gave up')

async function signAndVerify(
  key: SigningKey,
  message: Uint8Array,
  { verify = verifyRaw }: SigningKeyCasesOptions,
): Promise<RawSignature> {
  const raw = await key.sign(message)
  needs(raw.signature instanceof Uint8Array, 'the signature is no Uint8Array')
  if (await verify(key.algorithm, raw.material, message, raw.signature)) return raw
  const why = await diagnose(key.algorithm, raw.material, message, raw.signature)
  throw new Error(`the signature does not verify as ${algorithmName(key.algorithm)}: ${why}`)
}

async function needsWidth(key: SigningKey): Promise<void> {
  const expected = signatureLength(key.algorithm)
  // DER leaves out leading zeros: only one signature in some has them.
  for (let count = 0; count < 8; count++) {
    const { signature } = await key.sign(counting(count))
    const hint = key.algorithm.scheme === 'ECDSA' && signature[0] === 0x30 ? '; it looks like DER' : ''
    needs(signature.length === expected, `a signature has ${signature.length} bytes, not ${expected}${hint}`)
  }
}

async function needsReason(key: SigningKey, signal: AbortSignal): Promise<void> {
  const error = await rejectionOf(key.sign(counting(10), { signal }), 'signing with an aborted signal')
  needs(error === signal.reason, `the rejection is not the signal's reason but ${describe(error)}`)
}

async function needsSettled(key: SigningKey, { verify = verifyRaw }: SigningKeyCasesOptions): Promise<void> {
  const controller = new AbortController()
  const message = counting(1000)
  const call = key.sign(message, { signal: controller.signal }).then(
    (raw) => verify(key.algorithm, raw.material, message, raw.signature),
    (error: unknown) => error === controller.signal.reason,
  )
  controller.abort(reason())
  needs(await call, "neither a signature that verifies nor the signal's reason came of it")
}

function stalled(create: () => Promise<SigningKey>): ConformanceCase {
  return {
    name: 'stops waiting for its backend when the caller gives up',
    run: async () => {
      const controller = new AbortController()
      const call = needsReason(await create(), controller.signal)
      setTimeout(() => controller.abort(reason()), 20)
      await call
    },
  }
}

function failing(
  { name, code, hasNoCause, tries, create }: KeyFailure,
  options: SigningKeyCasesOptions,
): ConformanceCase {
  return {
    name: `says ${code} when ${name}`,
    run: async () => {
      const error = await rejectionOf(
        create().then((key) => key.sign(counting(10))),
        name,
      )
      needs(isOcisignError(error) && error.code === code, `the error is ${describe(error)}, not ${code}`)
      needs(hasNoCause || error.cause !== undefined, `the error has no cause: the backend's own is lost`)
      const { tries: said } = error.details as { readonly tries?: unknown }
      needs(tries === undefined || said === tries, `details.tries is ${String(said)}, not ${tries}`)
      needsNoSecret(error, 'the error', options.secrets ?? [], options.inspect)
    },
  }
}
