// SPDX-License-Identifier: Apache-2.0
// What a token is asked for (distribution, spec/auth/scope): never more than one repository needs.
import type { AuthorizationTarget } from './types.js'

/** The scopes to ask a token service for; none for the registry itself. */
export function scopesOf(target: AuthorizationTarget, actions: readonly string[]): readonly string[] {
  if (target.path === '') return []
  const own = `repository:${target.path}:${sortActions(actions).join(',')}`
  return target.mountFrom === undefined || target.mountFrom === target.path
    ? [own]
    : [own, `repository:${target.mountFrom}:pull`]
}

/** Sorted, each once. */
export function sortActions(actions: readonly string[]): readonly string[] {
  return [...new Set(actions)].sort()
}

const maxActions = 8

/**
 * What is to be asked for: what the request does, and what else the challenge says that it takes to do it in this very
 * repository (some registries list tags for `metadata_read`).
 *
 * Other repositories that a challenge names are left out, and so are rights that the request has no use for: a token
 * with them would be worth more to the registry than it has to be.
 */
export function actionsToAsk(target: AuthorizationTarget, scope: string | undefined): readonly string[] {
  const wanted = new Set<string>(target.actions)
  for (const each of (scope ?? '').split(' ')) {
    const [, path, actions] = /^repository:(.+):([a-z_,*]+)$/.exec(each) ?? []
    if (path !== target.path || actions === undefined) continue
    for (const action of actions.split(',')) if (wanted.size < maxActions && mayAdd(action, target)) wanted.add(action)
  }
  return sortActions([...wanted])
}

function mayAdd(action: string, { actions }: AuthorizationTarget): boolean {
  // Older registries want everything where something is deleted.
  if (action === '*') return actions.includes('delete')
  return /^[a-z][a-z_]{0,31}$/.test(action) && action !== 'push' && action !== 'delete'
}
