// SPDX-License-Identifier: Apache-2.0
// Makes every file that is being written stay so for a while, once its content is half there, and says so.
const promises = require('node:fs/promises')
const { writeSync } = require('node:fs')

const { open } = promises
const wait = () => new Promise((resolve) => setTimeout(resolve, 400))

promises.open = async (path, flags, ...parameters) => {
  const handle = await open(path, flags, ...parameters)
  if (typeof flags !== 'string' || !flags.startsWith('w')) return handle
  const { sync } = handle
  handle.sync = async () => {
    writeSync(2, `WRITING ${path}\n`)
    await wait()
    return sync.call(handle)
  }
  return handle
}
