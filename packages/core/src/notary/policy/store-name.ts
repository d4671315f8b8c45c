// SPDX-License-Identifier: Apache-2.0
// What may name a trust store: it becomes a folder's name.
import { printable } from '../../errors.js'
import type { TrustStoreReference, TrustStoreType } from './document.js'

/** All kinds of trust store. */
export const trustStoreTypes: readonly TrustStoreType[] = ['ca', 'signingAuthority', 'tsa']

/** Says what is wrong with a store's name; undefined where nothing is. `.` and `..`, which the reference takes, are paths. */
export function explainStoreName(name: string): string | undefined {
  if (/^[a-zA-Z0-9_.-]{1,255}$/.test(name) && name !== '.' && name !== '..') return undefined
  return `"${printable(name, 60)}" cannot name a trust store; use letters, digits, "_", "." and "-"`
}

/** Writes a store as policies do: `ca:acme`. */
export const formatStore = ({ type, name }: TrustStoreReference): string => `${type}:${name}`
