#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Checks the shape of providers' packages: `node tools/check-provider.mjs [DIRECTORY…]`, by default all of ours. Needs a
// build. Others call `checkProvider` of @ocisign/conformance/provider in a test of theirs.
import { resolve } from 'node:path'
import { checkProvider } from '../packages/conformance/dist/provider/index.js'
import { listPackages, report } from './lib/workspace.mjs'

const ours = () => listPackages().filter(({ folder }) => folder.startsWith('provider-'))
const given = process.argv.slice(2).map((directory) => ({ folder: directory, directory: resolve(directory) }))
const packages = given.length > 0 ? given : ours()
const problems = []
for (const { folder, directory } of packages)
  for (const problem of await checkProvider({ directory, load: (url) => import(url) }))
    problems.push(`${folder}: ${problem}`)
report('providers', problems, `${packages.length} packages`)
