// SPDX-License-Identifier: Apache-2.0
import {
  type ArtifactStore,
  type Descriptor,
  printable,
  type SignedArtifact,
  signArtifact,
  signArtifactTree,
} from '@ocisign/core'
import { artifactOptions, type OpenArtifact, openArtifacts } from '../artifact.js'
import { bulkOptions, parseConcurrency, readReferences } from '../bulk.js'
import { type Command, type OptionSpec, parseChoice } from '../command.js'
import { forEachConcurrently } from '../concurrently.js'
import { configOptions } from '../config.js'
import { exitCodeOf, exitCodes, joinExitCodes } from '../exit-codes.js'
import { documentOptions, parseDocumentOutput } from '../output/print.js'
import { createProgress, warn } from '../progress.js'
import { referrersOptions } from '../registry-options.js'
import { describeSigningKey, documentOfKey, openSigner, type Signing, signerOptions } from '../signer.js'
import { keyOptions } from '../signing-key.js'
import { parseTimeout, withTimeout } from '../timeout.js'
import { parseTree, treeOptions } from '../tree.js'

const options = {
  ...artifactOptions,
  ...keyOptions,
  ...signerOptions,
  ...configOptions,
  'signature-manifest': {
    type: 'string',
    value: 'config|artifact',
    help: 'form of the signature manifest; in a layout config, which every Notation finds there, else artifact',
  },
  ...treeOptions,
  ...referrersOptions,
  ...bulkOptions,
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Signs artifacts in registries or OCI image layouts; the signature is stored beside the artifact.',
  usage: '[options] REFERENCE …',
  options,
  examples: [
    'ocisign sign registry.example.com/app@sha256:…',
    'ocisign sign --key file:key.pem --certificate-chain chain.pem --expiry 30d ghcr.io/acme/app@sha256:…',
    'ocisign sign --key awskms:///alias/release --certificate-chain chain.pem registry.example.com/app@sha256:…',
    'ocisign sign --oci-layout --key release --signature-format cose layout:v1',
  ],
  writes: true,
  async run(invocation, terminal) {
    const { signal } = terminal
    const names = await readReferences(invocation, 'an artifact: HOST/PATH:TAG or HOST/PATH@DIGEST', signal)
    const output = parseDocumentOutput(invocation)
    const form = parseChoice(invocation.text('signature-manifest'), ['config', 'artifact'], 'signature-manifest')
    const deadlineMilliseconds = parseTimeout(invocation)
    const concurrency = parseConcurrency(invocation)
    const artifacts = await openArtifacts(invocation, terminal, { isLayout: invocation.flag('oci-layout') })
    const tree = parseTree(invocation)
    const found: Artifact[] = []
    // All have to be there before the first is signed: a name misspelt should not be found out half-way.
    const find = async (name: string): Promise<Artifact> => {
      const { store, reference } = await artifacts.openWritable(name)
      const subject = await store.resolve(reference, { signal: withTimeout(invocation, signal) })
      // What was found is what is signed, though the tag should move meanwhile.
      return {
        name,
        reference,
        store: {
          ...store,
          resolve: async (asked, options) => (asked === reference ? subject : store.resolve(asked, options)),
        },
      }
    }
    await forEachConcurrently(names, { concurrency, ordered: true }, find, (artifact) => found.push(artifact))
    const signing = await openSigner(invocation, terminal, form)
    const { signer, userMetadata } = signing
    const progress = names.length > 1 || tree ? await createProgress(invocation, terminal) : undefined
    const codes: number[] = []
    let manifests = 0
    const showProgress = () => progress?.show(() => progressOf(codes.length, names.length, tree && manifests))
    const sign = async ({ name, store, reference }: Artifact): Promise<SigningResult> => {
      const signed: SignedArtifact[] = []
      const signOptions = { userMetadata, deadlineMilliseconds, signal }
      try {
        if (!tree) signed.push(await signArtifact(store, reference, signer, signOptions))
        else
          await signArtifactTree(store, reference, signer, {
            ...signOptions,
            platforms: tree.platforms,
            onSigned(each) {
              signed.push(each)
              manifests++
              showProgress()
            },
          })
        return { name, reference, signed }
      } catch (error) {
        signal.throwIfAborted()
        return { name, reference, signed, error }
      }
    }
    const deliver = (result: SigningResult) => {
      const { name, reference, signed, error } = result
      codes.push('error' in result ? exitCodeOf(error) : exitCodes.accepted)
      showProgress()
      if (signed.length > 0)
        terminal.print((output === 'json' ? formatJson : formatText)(result, signing, tree !== undefined))
      if ('error' in result) terminal.fail(error, names.length > 1 ? name : undefined)
      else if (!reference.includes(':'))
        warn(
          invocation,
          terminal,
          `"${reference}" is a tag, which can move; what was signed is ${signed.at(-1)?.subject.digest}`,
        )
    }
    showProgress()
    await forEachConcurrently(found, { concurrency, ordered: true }, sign, deliver)
    progress?.end()
    return joinExitCodes(codes)
  },
}

function progressOf(done: number, all: number, manifests: number | undefined): string {
  const artifacts = all > 1 ? [`${done} of ${all} done`] : []
  return [...artifacts, ...(manifests === undefined ? [] : [`manifests signed: ${manifests}`])].join(', ')
}

interface Artifact extends OpenArtifact<ArtifactStore> {
  readonly name: string
}

/** What became of one artifact; of a tree, what was signed before something went wrong stays signed. */
interface SigningResult {
  readonly name: string
  readonly reference: string
  /** The artifact itself comes last. */
  readonly signed: readonly SignedArtifact[]
  readonly error?: unknown
}

const documentOf = ({ subject, manifest, layer }: SignedArtifact) => ({ subject, manifest, signature: layer })

function formatJson({ name, signed }: SigningResult, signing: Signing, isTree: boolean): string {
  const what = isTree ? { signed: signed.map(documentOf) } : documentOf(signed[0]!)
  return JSON.stringify({ schemaVersion: 1, reference: name, ...what, ...documentOfKey(signing) })
}

function formatText({ name, signed }: SigningResult, signing: Signing): string {
  const pairs = signed.map(
    ({ subject, manifest }) => `  artifact   ${subject.digest}${platformOf(subject)}\n  signature  ${manifest.digest}`,
  )
  return [`Signed ${printable(name, 1000)}`, ...pairs, ...describeSigningKey(signing)].join('\n')
}

function platformOf({ platform }: Descriptor): string {
  if (!platform) return ''
  return ` ${printable([platform.os, platform.architecture, platform.variant].filter(Boolean).join('/'))}`
}
