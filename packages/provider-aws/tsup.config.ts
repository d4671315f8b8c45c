// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', 'signer/index': 'src/signer/index.ts', 'uri/index': 'src/uri/index.ts' },
  format: ['esm'],
  // The declarations come from `tsc -b`; see docs/decisions.
  dts: false,
  // What an earlier build made must not be published; the declarations are tsc's.
  clean: ['!**/*.d.ts'],
  splitting: true,
  treeshake: false,
  target: 'es2022',
  platform: 'neutral',
  // Deno knows Node's modules by their full name only.
  removeNodeProtocol: false,
  external: [/^node:/],
})
