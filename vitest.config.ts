// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config'

const root = import.meta.dirname

// Tests run on the sources, so that a test run needs no build and a failure points at the line.
// What only the built files can show (the command line, the packages) is tested on `dist`.
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@ocisign\/([a-z0-9-]+)$/, replacement: `${root}/packages/$1/src/index.ts` },
      { find: /^@ocisign\/([a-z0-9-]+)\/([a-z-]+)$/, replacement: `${root}/packages/$1/src/$2/index.ts` },
      { find: '#crypto', replacement: `${root}/packages/core/src/crypto/node.ts` },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/**/*.test.ts', 'tools/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
