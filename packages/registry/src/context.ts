// SPDX-License-Identifier: Apache-2.0
import type { Client } from './client.js'
import type { Notice, RegistryLimits } from './options.js'

/** What every operation on one repository needs. */
export interface RepositoryContext {
  readonly client: Client
  readonly limits: RegistryLimits
  readonly notice: (notice: Notice) => void
}
