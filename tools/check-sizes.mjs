#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Bundles what a user imports, from the built packages as a browser or an edge runtime would get it, and checks two
// things: how big it is, and that nothing of another family leaked in. A ceiling of bytes alone does not say what leaked.
// Of providers it checks how big they are without their clients, and that importing them loads no client.
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { isMain, report, workspaceRoot } from './lib/workspace.mjs'
import { checkProviders } from './sizes/providers.mjs'

/** Words that show that code of a family is in a bundle. Each must be found in that family's own bundle, see `controls`. */
const families = {
  signing: /\bprepare\b|\bseal\b|subtle\.sign\b|createPrivateKey|\bsignArtifact\b|createNotarySigner/,
  COSE: /cose|Sign1|cbor|diagnostic notation/i,
  JWS: /jose\+json|decodeBase64Url\b/,
  Node: /["']node:|\brequire\(|(?<!globalThis\.)\bBuffer\b|\bprocess\./,
}

const verify = 'createNotaryVerifier, parseTrustPolicy, createMemoryTrustStore, verifyEnvelope, verifyArtifact'
const entries = [
  { name: 'verify JWS and COSE', names: `${verify}, jwsDecoder, coseDecoder`, limit: 45, without: ['signing', 'Node'] },
  { name: 'verify JWS', names: `${verify}, jwsDecoder`, limit: 45, without: ['signing', 'COSE', 'Node'] },
  { name: 'verify COSE', names: `${verify}, coseDecoder`, limit: 45, without: ['signing', 'JWS', 'Node'] },
  {
    name: 'registries',
    from: '@ocisign/registry',
    names: 'createRegistry, parseImageReference',
    limit: 30,
    without: ['signing', 'COSE', 'Node'],
  },
]
const controls = [
  { family: 'signing', names: 'jws, signArtifact' },
  { family: 'COSE', names: 'coseDecoder' },
  { family: 'JWS', names: 'jwsDecoder' },
  { family: 'Node', names: '*', from: '@ocisign/core/node' },
]

/** A bundle of some of a package's names, as text. */
export async function bundleOf(names, { from = '@ocisign/core', minify = false } = {}) {
  const contents = names === '*' ? `export * from '${from}'` : `export { ${names} } from '${from}'`
  const { outputFiles } = await build({
    // The workspace depends on all packages, and resolves them as a user's would.
    stdin: { contents, resolveDir: workspaceRoot },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    external: ['node:*'],
    logLevel: 'silent',
    // Without its white space a bundle has no comments; its names stay, to be searched.
    minifyWhitespace: true,
    minify,
  })
  return outputFiles[0].text
}

/** Every word of a family in a bundle, with what stands around it. */
export const leaksOf = (text, family) =>
  [...text.matchAll(new RegExp(families[family], `${families[family].flags}g`))].map(
    ({ 0: word, index }) => `${word}: …${text.slice(Math.max(0, index - 60), index + 60).replace(/\s+/g, ' ')}…`,
  )

async function checkEntry({ name, names, from, limit, without }) {
  const size = gzipSync(await bundleOf(names, { from, minify: true }), { level: 9 }).length
  console.log(`  ${name}: ${(size / 1024).toFixed(1)} KiB minified and gzipped, at most ${limit}`)
  const text = await bundleOf(names, { from })
  return [
    ...(size > limit * 1024 ? [`${name}: ${size} bytes; at most ${limit * 1024}`] : []),
    ...without.flatMap((family) =>
      leaksOf(text, family)
        .slice(0, 8)
        .map((leak) => `${name}: ${family} leaked: ${leak}`),
    ),
  ]
}

/** A word that its own family no longer uses would let anything pass. */
async function checkControl({ family, names, from }) {
  const leaks = leaksOf(await bundleOf(names, { from }), family)
  return leaks.length > 0 ? [] : [`no word for ${family} is found in its own bundle; mend \`families\``]
}

if (isMain(import.meta.url)) {
  const describe = (error) => [error.errors?.map(({ text }) => text).join('; ') || error.message]
  const checks = [...entries.map(checkEntry), ...controls.map(checkControl)]
  const problems = (await Promise.all(checks.map((check) => check.catch(describe)))).flat()
  const providers = await checkProviders()
  report(
    'sizes',
    [...new Set([...problems, ...providers.problems])],
    `${entries.length} bundles, ${providers.count} providers`,
  )
}
