// SPDX-License-Identifier: Apache-2.0
export { fileError } from './file-error.js'
export { type WriteFileOptions, writeFileAtomically } from './write-file.js'
