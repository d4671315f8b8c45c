// SPDX-License-Identifier: Apache-2.0
// Files and their detached signatures.
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, linesOf, run } from './support/program.js'
import { createScene, type Scene } from './support/scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
  await mkdir(scene.path('elsewhere'))
})
afterAll(() => scene.dispose())

const sign = (...parameters: readonly string[]) => run(['blob', 'sign', ...scene.signingWith('good'), ...parameters])
const verify = (...parameters: readonly string[]) =>
  run(['blob', 'verify', '--config-dir', scene.path('config'), ...parameters])

test.each(['jws', 'cose'])('signs and verifies as %s', async (format) => {
  const file = scene.path(`${format}.txt`)
  const signature = `${file}.${format}.sig`
  // More than one buffer, and no whole number of them.
  await writeFile(file, new Uint8Array(2_500_000).fill(7))
  const options = ['--signature-format', format, '--media-type', 'text/plain', '-m', 'a=b']
  expect(await sign(...options, file)).toMatchObject({ status: 0, stderr: '' })
  expect(await verify('--signature', signature, file)).toMatchObject({ status: 0, stderr: '' })
  const demanding = ['--signature', signature, '--media-type', 'text/plain', '-m', 'a=b', '--policy-name', 'ours']
  const { stdout } = await verify(...demanding, '--output', 'json', file)
  expect(JSON.parse(stdout)).toMatchObject({
    schemaVersion: 1,
    reference: file,
    subject: { digest: expect.stringMatching(/^sha256:/), size: 2_500_000 },
    decision: 'verified',
    policy: 'ours',
    signatures: [{ digest: expect.stringMatching(/^sha256:/), decision: 'verified' }],
  })
  for (const [parameters, code] of [
    [['--media-type', 'text/html'], 'UNTRUSTED_TARGET'],
    [['-m', 'a=c'], 'UNTRUSTED_METADATA'],
  ] as const) {
    const refused = await verify('--signature', signature, ...parameters, '-o', 'jsonl', file)
    expect(refused.status).toBe(1)
    expect(JSON.parse(refused.stdout).error.code).toBe(code)
    expect(codeOf(refused.stderr)).toBe(code)
  }
  await appendFile(file, 'x')
  const changed = await verify('--signature', signature, file)
  expect(changed).toMatchObject({ status: 1, stdout: expect.stringContaining('refused') })
  expect(codeOf(changed.stderr)).toBe('UNTRUSTED_TARGET')
})

test('one changed byte of the signature is refused by the integrity check', async () => {
  const file = scene.path('flipped.txt')
  await writeFile(file, 'content')
  await sign('--signature-format', 'cose', file)
  const bytes = await readFile(`${file}.cose.sig`)
  bytes[bytes.length - 1]! ^= 1
  await writeFile(`${file}.cose.sig`, bytes)
  const { status, stdout } = await verify('--signature', `${file}.cose.sig`, '-o', 'json', file)
  expect(status).toBe(1)
  expect(JSON.parse(stdout).signatures[0].outcomes.integrity).toMatchObject({ status: 'failed' })
})

test('a file that cannot be read says nothing about the signature', async () => {
  const file = scene.path('gone.txt')
  await writeFile(file, 'content')
  await sign(file)
  const { status, stdout } = await verify('--signature', `${file}.jws.sig`, '-o', 'json', scene.path('absent'))
  expect(status).toBe(3)
  expect(JSON.parse(stdout)).toMatchObject({
    decision: 'unavailable',
    signatures: [],
    error: { code: 'UNAVAILABLE_FILE' },
  })
})

test('writes where it is told, and over a signature only with --force', async () => {
  const file = scene.path('placed.txt')
  await writeFile(file, 'content')
  expect(await sign('--signature-directory', scene.path('elsewhere'), file)).toMatchObject({ status: 0 })
  expect(await readdir(scene.path('elsewhere'))).toEqual(['placed.txt.jws.sig'])
  const explicit = scene.path('elsewhere/own.jws.sig')
  const { stdout } = await sign('--signature', explicit, '--output', 'json', file)
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, reference: file, signature: explicit })
  const before = await readFile(explicit)
  expect(await sign('--signature', explicit, file)).toMatchObject({ status: 2, stdout: '' })
  expect(await readFile(explicit)).toEqual(before)
  expect(await sign('--signature', explicit, '--force', '-m', 'another=one', file)).toMatchObject({ status: 0 })
  expect(await readFile(explicit)).not.toEqual(before)
  expect(linesOf((await verify('--signature', explicit, file)).stdout)[0]).toContain('verified')
})
