// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./bin/oras', import.meta.url))

/**
 * The oras command line, which makes the images that everybody signs, with a folder and credentials of its own.
 * @param {string} directory
 */
export function createOras(directory) {
  const home = `${directory}/oras`
  mkdirSync(home, { recursive: true })
  let files = 0

  /** @returns {Promise<{ status: number, stdout: string, stderr: string }>} */
  const run = (parameters, { input = '', dockerConfig = home, cwd = home } = {}) =>
    new Promise((resolve, reject) => {
      const env = { PATH: process.env.PATH, HOME: home, DOCKER_CONFIG: dockerConfig }
      const options = { env, cwd, timeout: 120_000, maxBuffer: 64 << 20 }
      const child = execFile(program, parameters, options, (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error)
        else resolve({ status: error ? error.code : 0, stdout, stderr })
      })
      child.stdin.end(input)
    })

  /** Runs it, and throws unless it ended well; resolves to what it printed. */
  const must = async (parameters, options) => {
    const { status, stdout, stderr } = await run(parameters, options)
    if (status !== 0) throw new Error(`oras ${parameters[0]} exits with ${status}: ${stderr.trim() || stdout.trim()}`)
    return stdout
  }
  const json = ['--format', 'json']
  const mustJson = async (parameters, options) => JSON.parse(await must(parameters, options))
  const descriptorOf = ({ mediaType, digest, size }) => ({ mediaType, digest, size })
  const writeFile = (content) => {
    const name = `${++files}.txt`
    writeFileSync(`${home}/${name}`, content)
    return `${name}:text/plain`
  }

  return {
    run,
    must,
    /** Pushes a small artifact of its own kind; resolves to its descriptor. */
    async push(reference, { content = `${reference}\n`, parameters = [], ...options } = {}) {
      const file = writeFile(content)
      return descriptorOf(await mustJson(['push', '--plain-http', ...json, ...parameters, reference, file], options))
    },
    async attach(reference, artifactType, { content = 'a report\n', ...options } = {}) {
      const flags = ['--plain-http', ...json, '--artifact-type', artifactType]
      return descriptorOf(await mustJson(['attach', ...flags, reference, writeFile(content)], options))
    },
    /** The referrers it finds, in the order it prints them, each with those of its own. */
    async discover(reference, { parameters = ['--plain-http'], ...options } = {}) {
      return (await mustJson(['discover', ...json, ...parameters, reference], options)).referrers ?? []
    },
    /** Makes an image index of two images for different platforms, tagged; resolves to the descriptors. */
    async pushIndex(repository, tag, options = {}) {
      const images = []
      for (const architecture of ['amd64', 'arm64']) {
        const config = `${architecture}.json`
        writeFileSync(`${home}/${config}`, JSON.stringify({ architecture, os: 'linux', rootfs: { type: 'layers' } }))
        const parameters = ['--config', `${config}:application/vnd.oci.image.config.v1+json`]
        const content = `${repository} for ${architecture}\n`
        const image = await this.push(`${repository}:${tag}-${architecture}`, { content, parameters, ...options })
        images.push({ ...image, platform: { architecture, os: 'linux' } })
      }
      const tags = images.map(({ platform }) => `${tag}-${platform.architecture}`)
      await must(['manifest', 'index', 'create', '--plain-http', `${repository}:${tag}`, ...tags], options)
      const fetch = ['manifest', 'fetch', '--plain-http', '--descriptor', `${repository}:${tag}`]
      return { index: descriptorOf(await mustJson(fetch, options)), images }
    },
  }
}
