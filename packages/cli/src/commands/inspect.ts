// SPDX-License-Identifier: Apache-2.0
import {
  type CallOptions,
  coseDecoder,
  describeUnverifiedEnvelope,
  jwsDecoder,
  type Listed,
  OcisignError,
  printable,
} from '@ocisign/core'
import type { Command } from '../command.js'
import { exitCodes } from '../exit-codes.js'
import { reportError } from '../output/error.js'
import { parseDocumentOutput, printDocument } from '../output/print.js'
import { formatTree } from '../output/tree.js'
import { listingOptions, listSignatures } from '../signatures.js'

export { start } from '../program.js'

export const command: Command = {
  summary: 'Shows what the signatures of an artifact say. Nothing of it is verified.',
  usage: '[options] REFERENCE',
  options: listingOptions,
  examples: ['ocisign inspect registry.example.com/app:v1', 'ocisign inspect --oci-layout layout:v1'],
  async run(invocation, terminal) {
    const output = parseDocumentOutput(invocation)
    const { name, subject, signatures, signal } = await listSignatures(invocation, terminal)
    const described: object[] = []
    for (const listed of signatures) {
      described.push(await describe(listed, { signal }))
      signal.throwIfAborted()
    }
    if (output === 'json') printDocument(terminal, { verified: false, reference: name, subject, signatures: described })
    else
      terminal.print(
        `${printable(name, 1000)} (what its signatures say; nothing of it is verified)\n${formatTree({ artifact: subject.digest, signatures: described })}`,
      )
    return exitCodes.accepted
  },
}

async function describe(listed: Listed, options: CallOptions): Promise<object> {
  const manifest = listed.manifest.digest
  if ('error' in listed) return { manifest, error: reportError(listed.error) }
  const { digest, mediaType } = listed.layer
  try {
    const { bytes } = await listed.load(options)
    return { manifest, digest, ...describeUnverifiedEnvelope(decoderOf(mediaType).parse(bytes)) }
  } catch (error) {
    return { manifest, digest, error: reportError(error) }
  }
}

function decoderOf(mediaType: string) {
  const decoders = [jwsDecoder, coseDecoder]
  const decoder = decoders.find((each) => each.mediaType === mediaType)
  if (decoder) return decoder
  const supported = decoders.map((each) => each.mediaType)
  const message = `"${printable(mediaType)}" is no format of signatures that is known here`
  throw new OcisignError('UNSUPPORTED_MEDIA_TYPE', message, { mediaType, supported })
}
