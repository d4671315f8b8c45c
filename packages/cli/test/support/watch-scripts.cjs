// SPDX-License-Identifier: Apache-2.0
// Says on standard error what became of the cached code of each script.
const { writeSync } = require('node:fs')
const vm = require('node:vm')

vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options)
    if (options.cachedData) writeSync(2, `cached code ${this.cachedDataRejected ? 'rejected' : 'used'}\n`)
  }
}
