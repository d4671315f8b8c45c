// SPDX-License-Identifier: Apache-2.0
import type { FakeRequest } from './answer.js'
import type { EndpointContext } from './options.js'

/** The address of a path, whole or not. */
export function locationOf({ features }: EndpointContext, { origin }: FakeRequest, path: string): string {
  return features.absoluteLocations ? `${origin}${path}` : path
}
