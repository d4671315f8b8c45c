// SPDX-License-Identifier: Apache-2.0
// Signs with our command line and with the Go reference implementation, and lets each judge the other.
// `npm run interop [-- NAME…]` runs all or the named files of interop/cases; needs Go and a built command line.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from './build.mjs'
import { createContext } from './context.mjs'
import { createOurs } from './ours.mjs'
import { startPeer } from './peer.mjs'

const { values, positionals } = parseArgs({ options: { cli: { type: 'string' } }, allowPositionals: true })
const cli = values.cli ?? fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url))
const casesFolder = new URL('./cases/', import.meta.url)
const known = readdirSync(casesFolder).map((file) => file.replace(/\.mjs$/, ''))
const names = positionals.length > 0 ? positionals : known

function stop(message) {
  console.error(`interop: ${message}`)
  process.exit(1)
}

const unknown = names.filter((name) => !known.includes(name))
if (unknown.length > 0) stop(`no cases named ${unknown.join(', ')}: there are ${known.join(', ')}`)
if (!existsSync(cli)) stop('the command line is not built: run npm run build first')
try {
  build(['notation-go', 'notation-go-blob', 'notation', 'oras'])
} catch (error) {
  stop(error.message)
}

const directory = mkdtempSync(`${tmpdir()}/ocisign-interop-`)
const go = startPeer('notation-go')
const goBlob = startPeer('notation-go-blob')
const context = createContext({ directory, ours: createOurs(cli), go, goBlob })
let passed = 0
let failed = 0

try {
  for (const name of names) {
    const check = async (what, body) => {
      try {
        await body()
        passed++
        console.log(`ok    ${name}: ${what}`)
      } catch (error) {
        failed++
        console.log(
          `FAIL  ${name}: ${what}: ${String(error.message)
            .replace(/\s*\n\s*/g, '; ')
            .slice(0, 400)}`,
        )
      }
    }
    const { default: cases } = await import(new URL(`${name}.mjs`, casesFolder).href)
    await cases({ ...context, check })
  }
} catch (error) {
  failed++
  console.log(`FAIL  ${error.stack}`)
} finally {
  await Promise.all([go.close(), goBlob.close(), context.close()])
  rmSync(directory, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
