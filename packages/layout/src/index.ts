// SPDX-License-Identifier: Apache-2.0
export type { LayoutLimits } from './context.js'
export { type Layout, type LayoutOptions, openLayout } from './layout.js'
