// SPDX-License-Identifier: Apache-2.0
// AWS Signer: a profile that signs, and its signatures verified without its plugin.
import { mkdir, writeFile } from 'node:fs/promises'
import { createFakeAwsSigner } from '@ocisign/conformance/aws-signer'
import { encodePem } from '@ocisign/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, run } from './support/program.js'
import { createScene, type Scene, scope } from './support/scene.js'
import { writePackage } from './support/services.js'

const service = await createFakeAwsSigner()
let scene: Scene

/** The two calls that are made, without the host names that the library of AWS insists on. */
const client = `
  const call = async (path, init) => {
    const response = await fetch(process.env.SIGNER + path, init)
    if (!response.ok) throw Object.assign(new Error('token hunter2'), { name: response.headers.get('x-amzn-errortype') })
    return response.json()
  }
  exports.Signer = class {
    async signPayload({ payload, ...input }) {
      const body = JSON.stringify({ ...input, payload: Buffer.from(payload).toString('base64') })
      const { signature, metadata } = await call('/signing-jobs/with-payload', { method: 'POST', body })
      return { metadata, signature: Buffer.from(signature, 'base64') }
    }
    getRevocationStatus({ certificateHashes, signatureTimestamp, ...input }) {
      const query = new URLSearchParams(input)
      for (const each of certificateHashes) query.append('certificateHashes', each)
      return call('/revocations?' + query)
    }
  }`

beforeAll(async () => {
  scene = await createScene()
  const files = { 'package.json': '{}', 'index.js': client }
  await writePackage(scene.path('installed'), '@aws-sdk/client-signer', files)
  await mkdir(scene.path('bare'))
  const store = scene.path('config/truststore/x509/signingAuthority/aws')
  await mkdir(store, { recursive: true })
  await writeFile(`${store}/root.pem`, encodePem('CERTIFICATE', service.authority.certificate))
})
afterAll(async () => {
  await service.close()
  await scene.dispose()
})

const env = { SIGNER: service.origin }
const key = `awssigner:///${service.profileArn}`
const trust = (identity: string, override = {}) => {
  const policy = {
    name: 'aws',
    registryScopes: [scope],
    signatureVerification: { level: 'strict', override },
    trustStores: ['signingAuthority:aws'],
    trustedIdentities: [identity],
  }
  const document = { version: '1.0', trustPolicies: [policy] }
  return writeFile(scene.path('config/trustpolicy.oci.json'), JSON.stringify(document))
}
const at = (place: string) => ({ cwd: scene.path(place), env })
const verify = (place: string) => run(['verify', '-o', 'json', ...scene.verifying, scene.path('layout:v1')], at(place))

test('a profile signs; who signed is the profile, and the service says what is revoked', async () => {
  const args = ['sign', '--oci-layout', '-o', 'json', '--quiet', '--key', key, scene.path('layout:v1')]
  const signed = await run(args, at('installed'))
  expect(signed).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(signed.stdout)).toMatchObject({ key })
  await trust(service.profileArn)
  expect(await verify('installed')).toMatchObject({ status: 0, stderr: '' })
  expect(service.questions).toHaveLength(1)
  await trust(service.profileArn.replace('release', 'other'))
  expect((await verify('installed')).status).toBe(1)
})

test('without the library it cannot be found out what is revoked; where nobody asks, nothing is missing', async () => {
  await trust(service.profileArn)
  const unknown = await verify('bare')
  expect(unknown.status).toBe(3)
  expect(unknown.stdout).toContain('npm install @aws-sdk/client-signer')
  await trust(service.profileArn, { revocation: 'skip' })
  expect(await verify('bare')).toMatchObject({ status: 0, stderr: '' })
})

test('what is revoked is refused, and a service that does not answer is no yes', async () => {
  await trust(service.profileArn)
  service.fail({ status: 500, body: {} })
  const unknown = await verify('installed')
  expect([unknown.status, unknown.stdout.includes('hunter2')]).toEqual([3, false])
  service.recover()
  service.revoke(service.profileVersionArn)
  expect((await verify('installed')).status).toBe(1)
})

test.each([
  ['an expiry, which the profile sets', ['--key', key, '--expiry', '1d'], 2, 'MISUSE_OPTION'],
  ['COSE, which it does not make', ['--key', key, '--signature-format', 'cose'], 2, 'MISUSE_OPTION'],
  ['certificates', ['--key', key, '--certificate-chain', 'chain.pem'], 2, 'MISUSE_OPTION'],
  ['a URI that is none', ['--key', 'awssigner://release'], 4, 'INVALID_KEY'],
  ['a profile that there is not', ['--key', `${key}x`], 3, 'UNAVAILABLE_KEY'],
])('%s', async (_, args, status, code) => {
  const ended = await run(['sign', '--oci-layout', ...args, scene.path('layout:v1')], at('installed'))
  expect([ended.status, ended.stdout, codeOf(ended.stderr)]).toEqual([status, '', code])
})
