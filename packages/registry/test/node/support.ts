// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach } from 'vitest'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** What a helper was told. */
export interface Told {
  readonly word: string
  readonly input: string
  readonly marker: string | undefined
}

/** A home directory with a PATH of its own. */
export async function createHome() {
  const home = await mkdtemp(join(tmpdir(), 'ocisign-credentials-'))
  folders.push(home)
  const bin = join(home, 'bin')
  await mkdir(bin)
  const log = join(home, 'told.jsonl')
  return {
    home,
    bin,
    /** Nothing of this process: no HOME, no PATH but the one here. */
    env: { HOME: home, PATH: `relative:${bin}::/does-not-exist`, MARKER: 'passed on' } as Record<string, string>,
    platform: 'linux',
    /** Writes a file, as JSON where it is no text. */
    async write(path: string, content: unknown, mode = 0o600): Promise<string> {
      const file = join(home, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
      await chmod(file, mode)
      return file
    },
    /** Puts a helper on the PATH: a program whose body knows `word`, `input`, `say` and `complain`. */
    async install(name: string, body: string): Promise<void> {
      const file = join(bin, `docker-credential-${name}`)
      const script = `const { appendFileSync, readFileSync, writeFileSync, existsSync } = require('node:fs')
const word = process.argv[2]
const input = readFileSync(0, 'utf8')
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ word, input, marker: process.env.MARKER }) + '\\n')
const say = (text) => process.stdout.write(typeof text === 'string' ? text : JSON.stringify(text))
const complain = (text) => process.stderr.write(text)
${body}
`
      // A folder above may say that files are ES modules unless their names say otherwise.
      await writeFile(`${file}.cjs`, script)
      await writeFile(file, `#!/bin/sh\nexec '${process.execPath}' '${file}.cjs' "$@"\n`)
      await chmod(file, 0o755)
    },
    /** What helpers were told. */
    async told(): Promise<readonly Told[]> {
      const text = await readFile(log, 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
  }
}

/** The body of a helper that keeps what it is given in a file. */
export const keepingHelper = (file: string) => `
const file = ${JSON.stringify(file)}
const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
if (word === 'list') say(Object.fromEntries(Object.entries(known).map(([server, { Username }]) => [server, Username])))
else if (word === 'store') {
  const { ServerURL, ...rest } = JSON.parse(input)
  writeFileSync(file, JSON.stringify({ ...known, [ServerURL]: rest }))
} else if (!(input in known)) {
  say('credentials not found in native keychain\\n')
  process.exitCode = 1
} else if (word === 'get') say({ ServerURL: input, ...known[input] })
else {
  delete known[input]
  writeFileSync(file, JSON.stringify(known))
}`
