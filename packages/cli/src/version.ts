// SPDX-License-Identifier: Apache-2.0

declare const packageVersion: string

/** The version of this package, which the build writes here. */
export const version: string = packageVersion
