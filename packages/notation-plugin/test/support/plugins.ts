// SPDX-License-Identifier: Apache-2.0
// Plugin directories of their own, with executables that really run.
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, execPath } from 'node:process'
import { notaryAlgorithms } from '@ocisign/core'
import { createTestChain } from '@ocisign/provider-local'
import { build, type Plugin } from 'esbuild'
import { afterAll } from 'vitest'

const script = await readFile(new URL('./notation-plugin.cjs', import.meta.url), 'utf8')
const base64 = (chain: readonly Uint8Array[]) => chain.map((der) => Buffer.from(der).toString('base64'))

export const pluginName = 'com.example.plugin'
const p256 = notaryAlgorithms[0]!
export const chain = await createTestChain({ algorithm: p256 })
const other = await createTestChain({ algorithm: p256 })
const otherKind = await createTestChain({ algorithm: notaryAlgorithms[1]! })

/** A folder that goes when the tests of the file are done. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ocisign-plugin-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface Setting {
  readonly name?: string
  readonly version?: string
  readonly capabilities?: readonly string[]
  readonly keySpec?: string
  readonly key?: string
  readonly chain?: readonly Uint8Array[]
}

/** Writes the plugin of notation-plugin.cjs into a folder, as installing would. */
export async function writePlugin(folder: string, setting: Setting = {}): Promise<string> {
  const name = setting.name ?? pluginName
  await mkdir(folder, { recursive: true })
  const document = {
    name,
    version: '1.2.3',
    capabilities: ['SIGNATURE_GENERATOR.RAW'],
    keySpec: 'EC-256',
    key: chain.keyPem,
    ...setting,
    chain: base64(setting.chain ?? chain.chain),
    otherChain: base64(other.chain),
    otherKindChain: base64(otherKind.chain),
  }
  await writeFile(join(folder, 'setting.json'), JSON.stringify(document))
  // Whatever a folder above says, the script is CommonJS.
  await writeFile(join(folder, 'package.json'), '{}')
  return writeExecutable(folder, `notation-${name}`, `#!${execPath}\n${script}`)
}

/** Writes a file that may be executed. */
export async function writeExecutable(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(folder, { recursive: true })
  await writeFile(path, text)
  await chmod(path, 0o755)
  return path
}

/** A plugin directory with one plugin; `lies` are those of notation-plugin.cjs. */
export async function makePlugins(setting: Setting = {}) {
  const directory = await makeFolder()
  const name = setting.name ?? pluginName
  const folder = join(directory, name)
  const path = await writePlugin(folder, setting)
  return {
    directory,
    name,
    folder,
    path,
    /** Options to open it with. */
    options: (...lies: readonly string[]) => ({
      directory,
      name,
      environment: { PATH: env.PATH, LIES: lies.join(' ') },
      timeoutMilliseconds: 60_000,
    }),
    /** What it was asked, oldest first. */
    async asked(): Promise<readonly { command: string; request: Record<string, unknown>; parameters: string[] }[]> {
      const text = await readFile(join(folder, 'asked.log'), 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    },
  }
}

export const code = (name: string) => ({ code: name })

const packages = new URL('../../../', import.meta.url).pathname

/** Sources stand in for what is built of them, as in all tests. */
export const sources: Plugin = {
  name: 'sources',
  setup(build) {
    const path = (of: string) => ({ path: `${packages}${of}` })
    build.onResolve({ filter: /^#crypto$/ }, () => path('core/src/crypto/node.ts'))
    build.onResolve({ filter: /^@ocisign\/[a-z-]+$/ }, (found) => path(`${found.path.slice(9)}/src/index.ts`))
    build.onResolve({ filter: /^@ocisign\/[a-z-]+\/[a-z-]+$/ }, (found) =>
      path(`${found.path.slice(9).replace('/', '/src/')}/index.ts`),
    )
  },
}

/** A plugin of our own making, for keys in files, as one executable file: it talks, and nobody is to hear that. */
async function bundleOwnPlugin(name: string, more = ''): Promise<string> {
  const metadata = { name, version: '1.0.0', description: 'keys in files', url: 'https://example.com' }
  const contents = `
import { createNotationPlugin } from '@ocisign/notation-plugin/host'
const keys = async () => {
  console.log('a provider that talks')
  console.error('and complains')
  process.emitWarning('and warns')
  return [await import('@ocisign/provider-local/uri')]
}
await createNotationPlugin({ ...${JSON.stringify(metadata)}, keys${more && `, ${more}`} }).run()
`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: packages, loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [sources],
    nodePaths: [`${packages}provider-local/node_modules`],
    banner: { js: `#!${execPath}` },
  })
  return outputFiles[0]!.text
}

/** Writes that plugin into a plugin directory. */
export async function writeOwnPlugin(directory: string, name: string, more = ''): Promise<string> {
  const folder = join(directory, name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  return writeExecutable(folder, `notation-${name}`, await bundleOwnPlugin(name, more))
}
