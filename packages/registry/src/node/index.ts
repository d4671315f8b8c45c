// SPDX-License-Identifier: Apache-2.0
export {
  eraseFromHelper,
  getFromHelper,
  type HelperOptions,
  listHelper,
  storeInHelper,
} from './credential-helper.js'
export {
  type CredentialPlace,
  type CredentialStoreOptions,
  eraseCredential,
  saveCredential,
} from './credential-store.js'
export {
  credentialFiles,
  type DockerCredentialsOptions,
  dockerConfigFile,
  openDockerCredentials,
} from './docker-credentials.js'
export {
  createDispatcherFetch,
  type DispatchController,
  type Dispatcher,
  type DispatchHandler,
  type DispatchOptions,
} from './fetch.js'
export type { FileLockOptions } from './lock.js'
