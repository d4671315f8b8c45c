// SPDX-License-Identifier: Apache-2.0
// Where the signature of a file is: beside it, named after it and its format.
import { limits, printable, type Signature } from '@ocisign/core'
import { misuse } from './command.js'
import { readFileUpTo } from './files.js'

const mediaTypes: Readonly<Record<string, string>> = { jws: 'application/jose+json', cose: 'application/cose' }

/** Reads a detached signature, whose format its name tells: `.jws.sig` or `.cose.sig`. @throws MISUSE_OPTION */
export async function readSignatureFile(path: string, signal: AbortSignal): Promise<Signature> {
  const mediaType = mediaTypes[/\.(jws|cose)\.sig$/.exec(path)?.[1] ?? '']
  if (mediaType === undefined)
    throw misuse(
      `the name of a signature tells its format, *.jws.sig or *.cose.sig; "${printable(path, 1000)}" does not`,
      'signature',
    )
  // One that is too long is the decoder's to refuse.
  return { mediaType, bytes: await readFileUpTo(path, limits.envelopeBytes, signal) }
}
