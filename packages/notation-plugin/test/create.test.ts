// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openPlugin, type PluginProjectOptions, writePluginProject } from '@ocisign/notation-plugin'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { code, makeFolder, sources } from './support/plugins.js'

const options = {
  name: 'com.example.files',
  provider: { package: '@ocisign/provider-local', version: '^0.1.0' },
  hostVersion: '0.1.0',
}

describe('a project for a plugin', () => {
  test('is a package with an executable that Notation finds, and that runs once it is installed', async () => {
    const directory = await makeFolder()
    const { folder, executable } = await writePluginProject({
      ...options,
      directory,
      dependencies: { client: '1.2.3' },
    })
    expect([folder, executable]).toEqual([
      join(directory, options.name),
      join(directory, options.name, `notation-${options.name}`),
    ])
    expect(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).toEqual({
      name: 'notation-com.example.files',
      version: '1.0.0',
      private: true,
      description: 'Keys of @ocisign/provider-local',
      dependencies: { '@ocisign/notation-plugin': '0.1.0', '@ocisign/provider-local': '^0.1.0', client: '1.2.3' },
    })
    expect((await stat(executable)).mode & 0o777).toBe(0o755)
    // In place of npm install: the package that the module imports, from its sources.
    const host = join(folder, 'node_modules/@ocisign/notation-plugin')
    await mkdir(host, { recursive: true })
    const contents = "export * from '@ocisign/notation-plugin/host'"
    const outfile = join(host, 'host.mjs')
    const resolveDir = folder
    await build({
      stdin: { contents, resolveDir },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      plugins: [sources],
    })
    await writeFile(join(host, 'package.json'), '{"exports":{"./host":"./host.mjs"}}')
    const { metadata } = await openPlugin({ directory, name: options.name })
    expect(metadata).toMatchObject({ version: '1.0.0', capabilities: ['SIGNATURE_GENERATOR.RAW'] })
  })

  test('does not touch a folder that is there', async () => {
    const directory = await makeFolder()
    await writePluginProject({ ...options, directory })
    await expect(writePluginProject({ ...options, directory })).rejects.toMatchObject(code('MISUSE_OPTION'))
    const below = join(directory, options.name, 'package.json')
    await expect(writePluginProject({ ...options, directory: below })).rejects.toMatchObject(code('MISUSE_OPTION'))
  })

  const odd: readonly Partial<PluginProjectOptions>[] = [
    { name: '../x' },
    { version: '1' },
    { hostVersion: 'file:../x' },
    { provider: { package: "x'); process.exit(", version: '1.0.0' } },
    { provider: { package: '../x', version: '1.0.0' } },
    { provider: { package: 'x', version: 'git+https://example.com' } },
    { dependencies: { 'a b': '1.0.0' } },
  ]
  test.each(odd)('is not written with %j', async (other) => {
    const directory = await makeFolder()
    await expect(writePluginProject({ ...options, directory, ...other })).rejects.toMatchObject(code('MISUSE_OPTION'))
  })

  test('has texts that stay texts', async () => {
    const directory = await makeFolder()
    const description = '"); process.exit(1) //\n`'
    const { folder } = await writePluginProject({ ...options, directory, description })
    expect(await readFile(join(folder, 'plugin.mjs'), 'utf8')).toContain(`description: ${JSON.stringify(description)},`)
  })
})
