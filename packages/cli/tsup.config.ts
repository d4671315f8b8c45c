// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as promises from 'node:fs/promises'
import * as os from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Options } from 'tsup'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly peerDependencies?: Readonly<Record<string, string>>
}

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

const here = (path: string) => new URL(path, import.meta.url)
const manifestOf = (path: string): Manifest => JSON.parse(readFileSync(here(`${path}package.json`), 'utf8'))
const { version } = manifestOf('')

/** What `plugin create` writes into a package.json: our providers and the client libraries that opening a key needs. */
const providerPackages = Object.fromEntries(
  ['aws', 'azure', 'gcp', 'local', 'pkcs11', 'vault'].map((provider) => {
    const manifest = manifestOf(`../provider-${provider}/`)
    const opener = readFileSync(here(`../provider-${provider}/src/uri/index.ts`), 'utf8')
    const peers = Object.entries(manifest.peerDependencies ?? {}).filter(([name]) => opener.includes(`'${name}'`))
    return [manifest.name, { version: `^${manifest.version}`, peers: Object.fromEntries(peers) }]
  }),
)

/** The version of a client library that a provider was made for: 5. */
const majorOf = (client: string) => {
  const range = Object.values(providerPackages).flatMap(({ peers }) => peers[client] ?? [])[0]
  return range && /[0-9]+/.exec(range)?.[0]
}

// CommonJS inside, because Node starts it quicker: an ECMAScript import of one of Node's modules looks at everything
// that is in it, WebCrypto and the terminal included.
for (const folder of ['commands', 'parts']) mkdirSync(here(`dist/${folder}`), { recursive: true })
writeFileSync(here('dist/package.json'), '{ "type": "commonjs" }\n')

/** A plugin that puts a module of a few lines in the place of another. */
const replace = (name: string, filter: RegExp, contents: string): Plugin => ({
  name,
  setup(build) {
    build.onResolve({ filter }, ({ path, kind, namespace }) =>
      namespace === name && kind === 'require-call' ? { path, external: true } : { path: name, namespace: name },
    )
    build.onLoad({ filter: /.*/, namespace: name }, () => ({ contents, resolveDir: fileURLToPath(here('src')) }))
  },
})

/** No command signs deterministically: a second implementation of three curves would be dead weight. */
const withoutDeterministicKeys = replace(
  'without-deterministic-keys',
  /\/deterministic(?:-[A-Z0-9]+)?\.js$/,
  `export function createDeterministicKey() { throw new Error('not part of the command line') }`,
)

/** A part is loaded from its own bundle once it is needed; whatever imports one says so with `import()`. */
const partsApart: Plugin = {
  name: 'parts-apart',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.+\.js$/ }, ({ path, kind, resolveDir }) => {
      if (kind !== 'dynamic-import' || dirname(join(resolveDir, path)) !== fileURLToPath(here('src/parts'))) return
      return { path: `../parts/${basename(path)}`, external: true }
    })
  },
}

/**
 * Client libraries of key services are not part of the program: they are loaded from where the user installed them. A
 * module whose `then` is called is what an `import()` of it waits for.
 */
const clientsOfServices: Plugin = {
  name: 'clients-of-services',
  setup(build) {
    build.onResolve({ filter: /^(?:@aws-sdk\/|@azure\/|@google-cloud\/|pkcs11js$)/ }, ({ path }) => ({
      path,
      namespace: 'clients-of-services',
    }))
    build.onLoad({ filter: /.*/, namespace: 'clients-of-services' }, ({ path }) => ({
      contents: `import { importPackage } from './packages.ts'
        const options = { version: ${JSON.stringify(majorOf(path))} }
        export const then = (resolve, reject) => importPackage('${path}', options).then(resolve, reject)`,
      resolveDir: fileURLToPath(here('src')),
    }))
  },
}

/** Functions of one of Node's modules, which is loaded when one of them is called. */
const loadedWhenCalled = (path: string, module: object, except: readonly string[] = []) =>
  Object.entries(module)
    .filter(([name, member]) => typeof member === 'function' && !except.includes(name))
    .map(([name]) => `export const ${name} = (...given) => require('${path}').${name}(...given)`)
    .join('\n')

const reading = ['lstat', 'open', 'readdir', 'realpath', 'stat']

/** See src/reading-files.ts. */
const readAtOnce = replace(
  'read-at-once',
  /^node:fs\/promises$/,
  `export { ${reading.join(', ')} } from './reading-files.ts'
   ${loadedWhenCalled('node:fs/promises', promises, reading)}`,
)

/** A layout that is written, and a home directory that is looked for, need it. */
const loadSystemLate = replace('load-system-late', /^node:os$/, loadedWhenCalled('node:os', os))

/** See src/quick-keys.ts. */
const quickKeys = replace(
  'quick-keys',
  /^#crypto$/,
  `export { createHasher, verifySignature } from '../../core/dist/crypto/node.js'
   export { importPublicKey } from './quick-keys.ts'`,
)

/** All of undici takes 65 ms to load, an agent a third of that. */
const agentOnly = replace(
  'agent-only',
  /^undici$/,
  `export const Agent = require('undici/lib/dispatcher/agent.js')
   export function EnvHttpProxyAgent(options) {
     return new (require('undici').EnvHttpProxyAgent)(options)
   }`,
)

const common: Options = {
  format: ['cjs'],
  outExtension: () => ({ js: '.js' }),
  // The declarations come from `tsc -b`; see docs/decisions.
  dts: false,
  clean: false,
  splitting: false,
  treeshake: false,
  target: 'es2022',
  platform: 'node',
  removeNodeProtocol: false,
  // Names stay: --debug shows them.
  minifySyntax: true,
  minifyWhitespace: true,
  // Of undici, what stands in for it is bundled.
  noExternal: [/^@ocisign\//, /^undici$/],
  define: {
    packageVersion: JSON.stringify(version),
    pluginHostVersion: JSON.stringify(`^${manifestOf('../notation-plugin/').version}`),
    providerPackages: JSON.stringify(providerPackages),
  },
  esbuildOptions(options) {
    // An import in the middle becomes a plain require: loading the machinery of the other kind takes longer.
    options.supported = { 'dynamic-import': false }
  },
}

const modulesIn = (folder: string) => readdirSync(here(`src/${folder}`)).map((file) => file.replace(/\.ts$/, ''))

// Each command is bundled by itself, with all that it needs and nothing else: starting one reads two files, and what
// commands share is there several times, which costs less than looking it up. What not every run of a command needs,
// and what is large, is a part.
const commands = modulesIn('commands')
const parts = modulesIn('parts')

// What is left of a command that is gone must not be published.
for (const [folder, modules] of [['commands', commands] as const, ['parts', parts] as const])
  for (const file of readdirSync(here(`dist/${folder}`)))
    if (file.endsWith('.js') && !modules.includes(file.replace(/\.js$/, ''))) rmSync(here(`dist/${folder}/${file}`))

export default defineConfig([
  { ...common, entry: ['src/main.ts'] },
  ...commands.map((name) => ({
    ...common,
    entry: { [`commands/${name}`]: `src/commands/${name}.ts` },
    // Reading its names takes a twentieth of its run; the others keep theirs.
    minifyIdentifiers: name === 'verify',
    esbuildPlugins: [
      partsApart,
      withoutDeterministicKeys,
      ...(name === 'verify' ? [readAtOnce, loadSystemLate, quickKeys] : []),
    ],
  })),
  ...parts.map((name) => ({
    ...common,
    entry: { [`parts/${name}`]: `src/parts/${name}.ts` },
    esbuildPlugins: [partsApart, withoutDeterministicKeys, clientsOfServices, agentOnly],
  })),
])
