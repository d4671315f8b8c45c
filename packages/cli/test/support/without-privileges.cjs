// SPDX-License-Identifier: Apache-2.0
// Opens files named "unreadable" as a user who may not read them; for root, whom no permission stops.
const promises = require('node:fs/promises')

const { open } = promises
promises.open = async (path, ...parameters) => {
  if (process.getuid() !== 0 || !String(path).includes('unreadable')) return open(path, ...parameters)
  process.seteuid(65534)
  try {
    return await open(path, ...parameters)
  } finally {
    process.seteuid(0)
  }
}
