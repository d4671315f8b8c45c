// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * Starts one of the Go programs in `interop/bin` and talks to it in JSON lines.
 * `ask` resolves to the program's answer; it rejects when the request could not be carried out, which is not a refusal.
 * @param {string} name of the program: `notation-go`, `notation-go-blob` or `notation-go-bench`
 * @param {{ directory?: string }} [options]
 */
export function startPeer(name, { directory = fileURLToPath(new URL('./bin/', import.meta.url)) } = {}) {
  const child = spawn(`${directory}/${name}`, [], { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = []
  let ended = null

  const end = (reason) => {
    ended ??= reason
    for (const { reject } of waiting.splice(0)) reject(new Error(`${name}: ${ended}`))
  }
  const exited = new Promise((resolve) => {
    child.on('error', (error) => {
      end(error.message)
      resolve()
    })
    child.on('close', (code, signal) => {
      end(`ended with ${signal ?? code}`)
      resolve()
    })
  })
  child.stdin.on('error', (error) => end(error.message))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { resolve, reject } = waiting.shift() ?? {}
    const answer = JSON.parse(line)
    if (answer.fault === undefined) resolve?.(answer)
    else reject?.(new Error(`${name}: ${answer.fault}`))
  })

  return {
    /** @returns {Promise<any>} */
    ask(request) {
      if (ended !== null) return Promise.reject(new Error(`${name}: ${ended}`))
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        child.stdin.write(`${JSON.stringify(request)}\n`)
      })
    },
    async close() {
      child.stdin.end()
      await exited
    },
  }
}
