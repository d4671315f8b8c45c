// SPDX-License-Identifier: Apache-2.0
// What a provider costs: how big it is without its client, and what Node really loads of it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { listPackages, workspaceRoot } from '../lib/workspace.mjs'

const limit = 10

const subpathsOf = ({ exports }) => Object.keys(exports).filter((subpath) => subpath !== './package.json')
const specifiersOf = (manifest) => subpathsOf(manifest).map((subpath) => `${manifest.name}${subpath.slice(1)}`)

/** Everything that a provider exports, without what it depends on, minified and compressed. */
async function sizeOf({ directory, manifest }) {
  const { dependencies = {}, peerDependencies = {} } = manifest
  const { outputFiles } = await build({
    stdin: {
      contents: subpathsOf(manifest)
        .map((subpath, index) => `export * as e${index} from '${directory}/${manifest.exports[subpath].default}'`)
        .join('\n'),
      resolveDir: directory,
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    external: [
      'node:*',
      ...Object.keys({ ...dependencies, ...peerDependencies }).flatMap((name) => [name, `${name}/*`]),
    ],
    minify: true,
    logLevel: 'silent',
  })
  return gzipSync(outputFiles[0].contents, { level: 9 }).length
}

/** The files that Node loads for a program, by its own account. */
function loadedBy(program, directory) {
  const folder = mkdtempSync(join(tmpdir(), 'ocisign-loaded-'))
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: directory,
      // Nobody is asked for credentials.
      env: { ...process.env, NODE_V8_COVERAGE: folder, AWS_EC2_METADATA_DISABLED: 'true' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    const urls = reports.flatMap(({ result }) => result.map(({ url }) => url))
    return [...new Set(urls)]
      .filter((url) => url.startsWith('file:') && !url.endsWith('[eval1]'))
      .map((url) => relative(workspaceRoot, fileURLToPath(url)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What core and one provider may consist of; provider-local brings its curves along. */
const isOwn = (folder) => (path) =>
  path.startsWith('packages/core/dist/') ||
  path.startsWith(`packages/${folder}/dist/`) ||
  (folder === 'provider-local' && /(^|\/)node_modules\/@noble\//.test(path))

async function checkProvider({ folder, directory, manifest }) {
  const size = await sizeOf({ directory, manifest })
  const imports = ['@ocisign/core', ...specifiersOf(manifest)].map((specifier) => `import '${specifier}'`)
  const loaded = loadedBy(imports.join('\n'), directory)
  const strangers = loaded.filter((path) => !isOwn(folder)(path))
  console.log(
    `  ${folder}: ${(size / 1024).toFixed(1)} KiB minified and gzipped, at most ${limit}; ${loaded.length} files loaded`,
  )
  return [
    ...(size > limit * 1024 ? [`${folder}: ${size} bytes; at most ${limit * 1024}`] : []),
    ...(loaded.some((path) => path.startsWith(`packages/${folder}/dist/`))
      ? []
      : [`${folder}: Node did not say what it loads`]),
    ...strangers.slice(0, 5).map((path) => `${folder}: importing it loads ${path}`),
  ]
}

/** Opening a key is what loads a client; a check that did not see that would see nothing. */
function checkControl({ folder, directory }) {
  const open = `const { openKey } = await import('@ocisign/${folder}/uri')
    await openKey('awskms://127.0.0.1:1/alias/x', { environment: {} }).catch(() => undefined)`
  const strangers = loadedBy(open, directory).filter((path) => !isOwn(folder)(path))
  return strangers.some((path) => path.includes('@aws-sdk'))
    ? []
    : [`${folder}: opening a key loads no client, it seems`]
}

/** What is wrong with the cost of each provider. */
export async function checkProviders() {
  const providers = listPackages().filter(({ folder }) => folder.startsWith('provider-'))
  const problems = []
  for (const provider of providers) problems.push(...(await checkProvider(provider)))
  const aws = providers.find(({ folder }) => folder === 'provider-aws')
  return { problems: [...problems, ...checkControl(aws)], count: providers.length }
}
