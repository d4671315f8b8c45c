// SPDX-License-Identifier: Apache-2.0
// Something that nobody foresaw goes wrong while a command runs.
setImmediate(() => {
  const error = new TypeError('surprise\nin two lines')
  if (process.env.SURPRISE === 'rejection') Promise.reject(error)
  else throw error
})
