// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type CopyProgress,
  type CopyReport,
  copyArtifact,
  errorKind,
  isOcisignError,
  type NotaryClaims,
  printable,
  type Verifier,
} from '@ocisign/core'
import { openArtifacts, requireNoScope, requirePositionals } from '../artifact.js'
import { type Command, type Invocation, misuse, type OptionSpec, type Terminal } from '../command.js'
import { copyPolicyOptions, openCopyPolicy } from '../copy-policy.js'
import { openDestination } from '../destination.js'
import { exitCodeOf, exitCodes } from '../exit-codes.js'
import { documentOfCopy, formatCopy } from '../output/copied.js'
import { documentOptions, parseDocumentOutput } from '../output/print.js'
import { createProgress, formatBytes, quietOptions, warn } from '../progress.js'
import { referrersOptions, registryOptions } from '../registry-options.js'
import { requireOneStdin } from '../stdin.js'
import { parseTimeout, transferTimeout, transferTimeoutOptions } from '../timeout.js'
import { parsePlatforms } from '../tree.js'

const options = {
  'from-oci-layout': { type: 'boolean', help: 'the source is PATH:TAG or PATH@DIGEST of an OCI image layout' },
  'to-oci-layout': {
    type: 'boolean',
    help: 'the destination is an OCI image layout: DIR[:TAG], FILE.tar[:TAG], or -[:TAG] for standard output',
  },
  platform: {
    type: 'string',
    multiple: true,
    value: 'OS/ARCH[/VARIANT]',
    help: 'of an index only what is for exactly this platform; may be repeated',
  },
  'no-referrers': { type: 'boolean', help: 'leave signatures, SBOMs and the like behind' },
  'no-cosign-tags': {
    type: 'boolean',
    help: 'do not look for what cosign keeps under tags (sha256-….sig, .att, .sbom): less to ask, where nobody uses them',
  },
  'allow-loss': {
    type: 'boolean',
    help: 'copy although something that belongs to the artifact, a signature perhaps, does not arrive; an error by default',
  },
  'dry-run': {
    type: 'boolean',
    help: 'say what would be copied and what would be lost, write nothing, and fail where the copy would',
  },
  ...copyPolicyOptions,
  force: { type: 'boolean', help: 'replace a tar file that is already there' },
  ...registryOptions,
  ...referrersOptions,
  ...transferTimeoutOptions,
  ...quietOptions,
  ...documentOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

export { start } from '../program.js'

export const command: Command = {
  summary: 'Copies an artifact with its signatures and all that is attached, between registries and layouts, verified.',
  usage: '[options] SOURCE DESTINATION',
  options,
  examples: [
    'ocisign copy quarantine.example.com/app:v1 registry.example.com/app:v1',
    'ocisign copy --to-oci-layout registry.example.com/app:v1 app.tar',
    'ocisign copy --from-oci-layout --scope registry.example.com/app app.tar:v1 registry.internal/app',
    'ocisign copy --dry-run --platform linux/amd64 docker.io/library/nginx:1.29 registry.internal/nginx',
  ],
  writes: true,
  async run(invocation, terminal) {
    const [from, to, ...more] = requirePositionals(invocation, 'a source and a destination', 2)
    if (to === undefined || more.length > 0) throw misuse('name a source and a destination')
    const output = parseDocumentOutput(invocation)
    const dryRun = invocation.flag('dry-run')
    const referrers = !invocation.flag('no-referrers')
    const platforms = parsePlatforms(invocation)
    const deadlineMilliseconds = parseTimeout(invocation) ?? transferTimeout
    const allowLoss = invocation.flag('allow-loss')
    const { store, reference, destination } = await openSides(invocation, terminal, from, to, dryRun)
    const policy = await openCopyPolicy(invocation, { source: store, destination: destination.store, referrers })
    const progress = dryRun ? undefined : await createProgress(invocation, terminal)
    const transfer = createTransfer()
    progress?.show(() => `finding what belongs to ${from}`)
    let verifying: 'source' | 'destination' = 'source'
    const requirementOf = (name: typeof verifying) => {
      const side = policy[name]
      if ('unverified' in side) return undefined
      return notingUse(side.verifier, () => {
        verifying = name
      })
    }
    // Where the archive goes to standard output, nothing else does.
    const toStdout = invocation.flag('to-oci-layout') && /^-(?::|$)/.test(to) && !dryRun
    const print = (report: CopyReport, error?: unknown) => {
      const copied = { from, to, dryRun, policy, report, error }
      const text =
        output === 'json' ? JSON.stringify({ schemaVersion: 1, ...documentOfCopy(copied) }) : formatCopy(copied)
      if (toStdout) terminal.notice(text)
      else terminal.print(text)
    }
    try {
      const report = await copyArtifact(store, reference, destination.store, {
        tag: destination.tag,
        platforms,
        referrers,
        ...(invocation.flag('no-cosign-tags') && { cosignTags: false }),
        allowLoss,
        dryRun,
        sourceRequirement: requirementOf('source'),
        destinationRequirement: requirementOf('destination'),
        verifyOptions: { deadlineMilliseconds },
        deadlineMilliseconds,
        signal: terminal.signal,
        onProgress(event) {
          transfer.hear(event)
          progress?.show(transfer.describe)
        },
      })
      if (!dryRun) await destination.finish()
      print(report)
      const missing = report.lost.length + report.unlisted.length
      if (!dryRun && missing > 0)
        warn(
          invocation,
          terminal,
          `${missing} of what belongs to ${printable(from, 1000)} did not come along, see "lost"${report.unlisted.length > 0 ? ' and "unlisted"' : ''}`,
        )
      return exitCodes.accepted
    } catch (error) {
      if (isOcisignError(error, 'UNAVAILABLE_COPY')) {
        const { report } = error.details
        print(report, error)
        const done =
          dryRun || report.copied.length + report.present.length === 0 ? 'nothing was copied' : 'no tag was written'
        terminal.fail(error, `${from}, ${done}`)
        return exitCodeOf(error)
      }
      if (errorKind(error) !== 'UNTRUSTED' && !isOcisignError(error, 'UNAVAILABLE_VERIFICATION')) throw error
      terminal.fail(error, verifying === 'source' ? `${from}, nothing was copied` : explainTarget(to, platforms))
      return exitCodeOf(error)
    } finally {
      progress?.end()
    }
  },
}

function explainTarget(to: string, platforms: readonly string[] | undefined): string {
  const part = platforms ? '; the signature of an index says nothing for a part of it' : ''
  return `${to}, no tag was written${part}`
}

/** Opens both sides; of registries there is one client. */
async function openSides(invocation: Invocation, terminal: Terminal, from: string, to: string, dryRun: boolean) {
  const [fromLayout, toLayout] = [invocation.flag('from-oci-layout'), invocation.flag('to-oci-layout')]
  if (!fromLayout && !toLayout) requireNoScope(invocation)
  if (!fromLayout) await requireNoLayout(from, 'from-oci-layout')
  if (!toLayout) await requireNoLayout(to, 'to-oci-layout')
  requireOneStdin(invocation, fromLayout && /^-[:@]/.test(from) && from)
  const scope = invocation.text('scope')
  const remotes = fromLayout && toLayout ? undefined : await openArtifacts(invocation, terminal, { isLayout: false })
  const sources =
    fromLayout || !remotes ? await openArtifacts(invocation, terminal, { isLayout: true, scope }) : remotes
  const { store, reference } = await sources.open(from)
  const destination = await openDestination(to, terminal, {
    remotes: toLayout ? undefined : remotes,
    scope,
    replace: invocation.flag('force'),
    dryRun,
  })
  return { store, reference, destination }
}

/** Who forgets the switch would go to Docker Hub, where `app.tar:v1` may be something else. @throws MISUSE_OPTION */
async function requireNoLayout(text: string, option: string): Promise<void> {
  const path = /^[^@]*?(?=@|:[^/\\:]*$|$)/.exec(text)?.[0] ?? ''
  const isLayout = /^[./~\\-]|\.tar$/.test(path) || (await stat(join(path, 'oci-layout')).catch(() => undefined))
  if (isLayout) throw misuse(`"${printable(text, 1000)}" looks like a layout; if it is one, add --${option}`, option)
}

/** The same verifier, which tells when it begins to be asked. */
function notingUse(verifier: Verifier<NotaryClaims>, note: () => void): Verifier<NotaryClaims> {
  return {
    ...verifier,
    exemption(context) {
      note()
      return verifier.exemption(context)
    },
  }
}

/** Adds up what is done, of all that there is to do. */
function createTransfer() {
  const running = new Map<string, number>()
  let [planned, plannedBytes, done, doneBytes] = [0, 0, 0, 0]
  return {
    hear(event: CopyProgress) {
      const { digest, size } = event.descriptor
      if (event.kind === 'planned') {
        planned++
        plannedBytes += size
      } else if (event.kind === 'bytes') running.set(digest, event.bytes)
      else if (event.kind !== 'begun') {
        done++
        doneBytes += size
        running.delete(digest)
      }
    },
    describe() {
      const bytes = [...running.values()].reduce((sum, each) => sum + each, doneBytes)
      return `${done} of ${planned} manifests and blobs, ${formatBytes(bytes)} of ${formatBytes(plannedBytes)}`
    },
  }
}
