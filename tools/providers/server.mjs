// SPDX-License-Identifier: Apache-2.0
// Servers for the length of a run, on this machine only; each is ended by its own process.
import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

const patienceSeconds = 120

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/**
 * Starts a program and waits until `isReady` says so; fails with what it printed where it ends before.
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ isReady: () => Promise<boolean>, environment?: Record<string, string>, cwd?: string }} options
 */
export async function startServer(program, parameters, { isReady, environment = {}, cwd }) {
  const env = { ...process.env, ...environment }
  const child = spawn(program, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  let ended
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      printed = (printed + text).slice(-2000)
    })
  const end = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(`exit code ${code}`))
  })
  end.then((how) => {
    ended = how
  })
  const close = async () => {
    if (ended === undefined) child.kill('SIGTERM')
    const late = globalThis.setTimeout(() => child.kill('SIGKILL'), 5000)
    await end
    clearTimeout(late)
  }
  for (let tries = 0; tries < patienceSeconds * 5; tries++) {
    if (ended !== undefined) throw new Error(`${program} ended at once (${ended}): ${printed.trim().slice(-500)}`)
    if (await isReady().catch(() => false)) return { close }
    await wait(200)
  }
  await close()
  throw new Error(`${program} was not ready after ${patienceSeconds} s: ${printed.trim().slice(-500)}`)
}

/** Whether something answers with 200. */
export const answers = async (url) => (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok

/** Whether somebody listens on a port of this machine. */
export const accepts = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
