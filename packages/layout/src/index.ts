// SPDX-License-Identifier: Apache-2.0
export type { LayoutLimits, ReadingLimits } from './context.js'
export { type Layout, type LayoutOptions, openLayout } from './layout.js'
export { type CreateTarLayoutOptions, createTarLayout, type NewTarLayout } from './tar/create.js'
export { openTarLayout, type TarLayout, type TarLayoutLimits, type TarLayoutOptions } from './tar/open.js'
export type { ByteSink } from './tar/sink.js'
