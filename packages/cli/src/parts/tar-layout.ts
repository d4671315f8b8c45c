// SPDX-License-Identifier: Apache-2.0
// Layouts in tar archives: loaded when a layout is no folder.
import {
  type CreateTarLayoutOptions,
  createTarLayout,
  type NewTarLayout,
  openTarLayout,
  type TarLayout,
  type TarLayoutOptions,
} from '@ocisign/layout'

/** Opens a tar file, or what stands on standard input where the path is `-`. */
export function openTar(path: string, options: TarLayoutOptions): Promise<TarLayout> {
  return openTarLayout(path === '-' ? process.stdin : path, options)
}

/** Makes a tar file, or writes one to standard output where the path is `-`. */
export function createTar(path: string, options: CreateTarLayoutOptions): Promise<NewTarLayout> {
  return createTarLayout(path === '-' ? process.stdout : path, options)
}
