// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url))

/**
 * Drives our own command line the way a person does.
 * @param {string} [program] another build of it
 */
export function createOurs(program = built) {
  /** @returns {Promise<{ status: number, stdout: string, stderr: string }>} */
  const run = (parameters, { environment = {}, input = '' } = {}) =>
    new Promise((resolve, reject) => {
      const options = { timeout: 120_000, maxBuffer: 64 << 20, env: { ...process.env, ...environment } }
      const child = execFile(process.execPath, [program, ...parameters], options, (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error)
        else resolve({ status: error ? error.code : 0, stdout, stderr })
      })
      // A program that ends without reading is no failure.
      child.stdin.on('error', () => {})
      child.stdin.end(input)
    })

  return {
    run,
    ...artifactVerbs(run, ['--oci-layout']),
    /** The same in a registry on this machine. */
    registry: artifactVerbs(run, []),
    signBlob(file, { key, chain, format, metadata = {}, parameters = [] }) {
      const material = ['--key', key, '--certificate-chain', chain, '--signature-format', format]
      return run(['blob', 'sign', ...material, ...pairs(metadata), ...parameters, file])
    },
    async verifyBlob(file, { configDir, signature, policyName, mediaType, metadata = {} }) {
      const named = policyName ? ['--policy-name', policyName] : []
      const typed = mediaType ? ['--media-type', mediaType] : []
      const common = ['blob', 'verify', '--output', 'json', '--config-dir', configDir, '--signature', signature]
      return readVerdicts(await run([...common, ...named, ...typed, ...pairs(metadata), file]))[0]
    },
  }
}

/** What is done to artifacts; `place` says in what. */
function artifactVerbs(run, place) {
  const verifyAll = async (references, { configDir, scope, metadata = {}, parameters = [], ...how }) => {
    const scoped = scope ? ['--scope', scope] : []
    const common = ['verify', ...place, '--output', 'jsonl', '--config-dir', configDir, ...scoped, ...parameters]
    const answer = await run([...common, ...pairs(metadata), ...references], how)
    const verdicts = readVerdicts(answer, references)
    if (verdicts.length !== references.length) throw new Error(`${verdicts.length} answers: ${answer.stderr}`)
    return verdicts
  }
  return {
    /** Signs with the command line; resolves to its exit status and output. */
    sign(reference, { key, chain, format, metadata = {}, parameters = [], ...how }) {
      const material = ['--key', key, ...(chain ? ['--certificate-chain', chain] : [])]
      const common = ['sign', ...place, ...material, '--signature-format', format]
      return run([...common, ...pairs(metadata), ...parameters, reference], how)
    },
    verifyAll,
    async verify(reference, options) {
      return (await verifyAll([reference], options))[0]
    },
  }
}

const pairs = (metadata) => Object.entries(metadata).flatMap(([key, value]) => ['--user-metadata', `${key}=${value}`])

/** Brings our reports into the form of the Go programs' verdicts. */
function readVerdicts({ status, stdout, stderr }, references = []) {
  return (
    stdout
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line))
      // They come as they are done.
      .sort((a, b) => references.indexOf(a.reference) - references.indexOf(b.reference))
      .map((report) => {
        const ok = ['verified', 'tolerated', 'not-required'].includes(report.decision)
        const counted = report.signatures.filter(({ decision }) => !ok || ['verified', 'tolerated'].includes(decision))
        const failed = counted.flatMap(({ outcomes }) =>
          Object.entries(outcomes ?? {}).flatMap(([check, outcome]) =>
            ['failed', 'inconclusive'].includes(outcome.status) ? [check] : [],
          ),
        )
        const failedChecks = [...new Set(failed)].sort()
        return {
          ok,
          failedChecks,
          decision: report.decision,
          error: report.error?.message ?? stderr.trim(),
          status,
          report,
        }
      })
  )
}
