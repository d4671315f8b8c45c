// SPDX-License-Identifier: Apache-2.0
import { printable, signArtifact } from '@ocisign/core'
import { artifactOptions, createArtifactOpener, requirePositionals } from '../artifact.js'
import { type Command, type OptionSpec, parseChoice } from '../command.js'
import { configOptions } from '../config.js'
import { exitCodes } from '../exit-codes.js'
import { keyOptions } from '../key-uri.js'
import { documentOptions, parseDocumentOutput } from '../output/print.js'
import { openSigner, signerOptions } from '../signer.js'

const options = {
  ...artifactOptions,
  ...keyOptions,
  ...signerOptions,
  ...configOptions,
  'signature-manifest': {
    type: 'string',
    value: 'config|artifact',
    help: 'form of the signature manifest; config is what every Notation finds in a layout (default)',
  },
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Signs artifacts in an OCI image layout; the signature is stored beside the artifact.',
  usage: '--oci-layout [options] DIR:TAG|DIR@DIGEST …',
  options,
  examples: [
    'ocisign sign --oci-layout --key file:key.pem --certificate-chain chain.pem layout:v1',
    'ocisign sign --oci-layout --key release --signature-format cose --expiry 30d layout@sha256:…',
  ],
  writes: true,
  async run(invocation, terminal) {
    const names = requirePositionals(invocation, 'an artifact: DIR:TAG or DIR@DIGEST')
    const output = parseDocumentOutput(invocation)
    const form = parseChoice(invocation.text('signature-manifest'), ['config', 'artifact'], 'signature-manifest')
    const { signal } = terminal
    const openArtifact = createArtifactOpener(invocation, signal)
    const artifacts = []
    for (const name of names) {
      const { store, reference } = await openArtifact(name)
      // All have to be there before the first is signed: a name misspelt should not be found out half-way.
      await store.resolve(reference, { signal })
      artifacts.push({ name, store, reference })
    }
    const { signer, userMetadata } = await openSigner(invocation, terminal, form)
    for (const { name, store, reference } of artifacts) {
      const { subject, manifest, layer } = await signArtifact(store, reference, signer, { userMetadata, signal })
      if (output === 'json') {
        terminal.print(JSON.stringify({ schemaVersion: 1, reference: name, subject, manifest, signature: layer }))
        continue
      }
      terminal.print(`Signed ${printable(name, 1000)}\n  artifact   ${subject.digest}\n  signature  ${manifest.digest}`)
      if (!reference.includes(':'))
        terminal.notice(`ocisign: "${reference}" is a tag, which can move; what was signed is ${subject.digest}`)
    }
    return exitCodes.accepted
  },
}
