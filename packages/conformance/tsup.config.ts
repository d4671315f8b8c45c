// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'tsup'

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/corpus/index.ts',
    'src/fake/index.ts',
    'src/provider/index.ts',
    'src/trusted-signing/index.ts',
    'src/vault/index.ts',
    'src/aws-kms/index.ts',
    'src/aws-signer/index.ts',
    'src/cloud-kms/index.ts',
    'src/key-vault/index.ts',
  ],
  format: ['esm'],
  // The declarations come from `tsc -b`; see docs/decisions.
  dts: false,
  // What an earlier build made must not be published; the declarations are tsc's.
  clean: ['!**/*.d.ts'],
  splitting: true,
  treeshake: false,
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/],
  // Deno knows Node's modules by their full name only.
  removeNodeProtocol: false,
})
