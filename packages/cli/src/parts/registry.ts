// SPDX-License-Identifier: Apache-2.0
// All that speaks to registries: loaded when a reference is not one of a layout.
export { openRegistries } from '../registries.js'
