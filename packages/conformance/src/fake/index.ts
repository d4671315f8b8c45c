// SPDX-License-Identifier: Apache-2.0
// Fakes for tests, which need Node.
export {
  createFakeAuthority,
  createFakeLeaf,
  type FakeAuthority,
  type FakeCertificate,
  type FakeCertificateOptions,
} from './ca.js'
export { type Oddity, oddLeaves, oddValidities, unusualLeaves } from './odd.js'
export * from './registry/index.js'
export { type SignHashOptions, signHash } from './sign-hash.js'
