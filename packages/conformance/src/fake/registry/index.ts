// SPDX-License-Identifier: Apache-2.0
export type { Answer, FakeErrorCode, FakeRequest, FakeServer } from './answer.js'
export type { Auth, FakeAction } from './auth-options.js'
export { faultKinds } from './faults.js'
export type { FakeToken } from './gate.js'
export type {
  FaultKind,
  FaultOptions,
  Misbehaviour,
  MisbehaviourFilter,
  MisbehaviourRule,
  Stage,
} from './misbehaviour.js'
export { type FakeRegistryFeatures, type FakeRegistryOptions, fakeRegistryFeatures } from './options.js'
export { countConcurrent, countSteps, type RecordedRequest } from './record.js'
export { createFakeRegistry, type FakeRegistry } from './registry.js'
export type { Route } from './routes.js'
export type { SeedOptions } from './store.js'
