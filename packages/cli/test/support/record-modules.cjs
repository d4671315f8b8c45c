// SPDX-License-Identifier: Apache-2.0
// Writes down every module that is loaded, ours and Node's.
const { appendFileSync } = require('node:fs')
const Module = require('node:module')

const load = Module._load
Module._load = function (request, ...parameters) {
  appendFileSync(process.env.MODULES, `${request}\n`)
  return load.call(this, request, ...parameters)
}
process.on('exit', () => {
  const internal = process.moduleLoadList.filter((each) => each.startsWith('NativeModule '))
  appendFileSync(process.env.MODULES, internal.map((each) => `${each}\n`).join(''))
})
