// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path'
import { type AttachedBlob, attachArtifact, describeContent, OcisignError, printable } from '@ocisign/core'
import { artifactOptions, openArtifacts, requirePositionals } from '../artifact.js'
import { type Command, misuse, type OptionSpec, parsePairs } from '../command.js'
import { exitCodes } from '../exit-codes.js'
import { streamFile } from '../files.js'
import { documentOptions, parseDocumentOutput, printDocument } from '../output/print.js'
import { createProgress, formatBytes, quietOptions } from '../progress.js'
import { referrersOptions } from '../registry-options.js'
import { parseTimeout, transferTimeout, transferTimeoutOptions } from '../timeout.js'

const options = {
  ...artifactOptions,
  'artifact-type': { type: 'string', value: 'TYPE', help: 'what it is: application/spdx+json, say' },
  annotation: {
    type: 'string',
    short: 'a',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'written into the manifest; may be repeated',
  },
  ...referrersOptions,
  ...transferTimeoutOptions,
  ...quietOptions,
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary:
    'Attaches files to an artifact: SBOMs, scan results, provenance. To sign what was attached, sign its digest.',
  usage: '--artifact-type TYPE [options] REFERENCE FILE[:MEDIATYPE] …',
  options,
  examples: [
    'ocisign attach --artifact-type application/spdx+json registry.example.com/app:v1 sbom.spdx.json',
    'ocisign attach --artifact-type application/vnd.example.scan ghcr.io/acme/app@sha256:… scan.json:application/json',
  ],
  writes: true,
  async run(invocation, terminal) {
    const [name, ...files] = requirePositionals(invocation, 'an artifact, and files to attach to it')
    const artifactType = invocation.text('artifact-type')
    if (artifactType === undefined) throw misuse('say what it is with --artifact-type TYPE', 'artifact-type')
    if (files.length === 0) throw misuse('name the files to attach: FILE or FILE:MEDIATYPE')
    const output = parseDocumentOutput(invocation)
    const annotations = parsePairs(invocation.texts('annotation'), 'annotation')
    const deadlineMilliseconds = parseTimeout(invocation) ?? transferTimeout
    const { signal } = terminal
    const artifacts = await openArtifacts(invocation, terminal, { isLayout: invocation.flag('oci-layout') })
    const { store, reference } = await artifacts.openWritable(name)
    const fallback = files.length === 1 ? artifactType : 'application/octet-stream'
    const progress = await createProgress(invocation, terminal)
    const note = (text: string) => progress.show(() => text)
    const attach = async () => {
      const blobs: AttachedBlob[] = []
      for (const file of files) blobs.push(await describeFile(file, fallback, note, signal))
      const artifact = { artifactType, blobs, ...(annotations && { annotations }) }
      return attachArtifact(store, reference, artifact, { deadlineMilliseconds, signal })
    }
    const attached = await attach().finally(progress.end)
    const { subject, manifest, listing } = attached
    if (output === 'json') printDocument(terminal, { reference: name, subject, manifest, listing })
    else
      terminal.print(
        `Attached to ${printable(name, 1000)}\n  artifact   ${subject.digest}\n  attached   ${manifest.digest}`,
      )
    if (listing === 'listed') return exitCodes.accepted
    throw new OcisignError('UNAVAILABLE_ATTACHMENT', 'it was stored, but whoever asks for it does not find it', {
      subject: subject.digest,
      retryable: true,
    })
  },
}

/** Reads `FILE` or `FILE:MEDIATYPE`; the file is read twice, and has to be the same both times. */
async function describeFile(
  text: string,
  fallback: string,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<AttachedBlob> {
  const [, path = text, mediaType = fallback] = /^(.+):([a-z0-9][^\s:/\\]*\/[^\s:/\\]+)$/i.exec(text) ?? []
  const described = await describeContent(streamFile(path, signal), 'sha256', mediaType, { signal })
  const annotations = { 'org.opencontainers.image.title': basename(path) }
  const hear = (bytes: number) => note(`${path}: ${formatBytes(bytes)} of ${formatBytes(described.size)}`)
  return { ...described, mediaType, content: copiesOf(path, hear, signal), annotations }
}

/** Chunks that stay good: an upload keeps them until it has enough. */
async function* copiesOf(
  path: string,
  hear: (bytes: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const chunk of streamFile(path, signal)) {
    bytes += chunk.length
    hear(bytes)
    yield chunk.slice()
  }
}
