// SPDX-License-Identifier: Apache-2.0
// Signatures of AWS Signer (its fake), which name AWS's plugin: verified by notation-go with a plugin of our making in
// its place, and by us without one. `AWS_SIGNER_PLUGIN=FILE` names AWS's own plugin: it then judges and signs, too.
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createFakeAwsSigner } from '../../packages/conformance/dist/aws-signer/index.js'
import { cose, createNotaryVerifier, encodePem, jws, signArtifact } from '../../packages/core/dist/index.js'
import { openDirectoryTrustStore, openTrustPolicy } from '../../packages/core/dist/node/index.js'
import { openLayout } from '../../packages/layout/dist/index.js'
import { createAwsSigner, createAwsSignerExtension } from '../../packages/provider-aws/dist/signer/index.js'
import { createClient, credentials, installPlugin, pluginName } from '../aws-signer-plugin.mjs'
import { formats, mediaTypes, requireSigned, requireSuccess, requireVerdict, scope } from '../context.mjs'
import { codeOf } from '../go-plugin.mjs'
import { readSignatures } from '../layout.mjs'
import { notation } from '../notation.mjs'

const accepted = { ok: true, failedChecks: [] }
const stranger = { ok: false, failedChecks: ['authenticity'] }
const revoked = { ok: false, failedChecks: ['revocation'] }
const theirPlugin = process.env.AWS_SIGNER_PLUGIN

export default async function ({ check, chain, layout, folder, configuration, agree, go }) {
  const services = []
  const start = async () => {
    const service = await createFakeAwsSigner()
    services.push(service)
    const rootPath = `${folder('aws')}/root.pem`
    writeFileSync(rootPath, encodePem('CERTIFICATE', service.authority.certificate))
    const client = createClient(service.origin)
    const sign = async () => {
      const target = layout()
      const signer = createAwsSigner({ client, profileArn: service.profileArn, format: jws })
      await signArtifact(await openLayout(target.path), 'v1', signer)
      return target
    }
    return { ...service, client, rootPath, sign }
  }
  const trust = (rootPath, identities, override) =>
    configuration({ roots: { 'signingAuthority:aws': [rootPath] }, statements: [{ identities, override }] })

  /** Ours without any plugin. */
  const judgeAlone = async ({ client }, { path, subject }, configDir) => {
    const [{ mediaType, envelope }] = readSignatures(path)
    const verifier = createNotaryVerifier({
      policy: await openTrustPolicy(configDir, 'oci'),
      trustStore: openDirectoryTrustStore(configDir),
      formats: [jws, cose],
      extensions: [createAwsSignerExtension({ client })],
    })
    return codeOf(verifier.verify(subject, { mediaType, bytes: new Uint8Array(envelope) }, { scope }))
  }
  /** AWS's plugin in notation; it puts a word before the host of the service, which only a proxy can look over. */
  const runTheirs = (configDir, { origin }, parameters) => {
    const target = `${configDir}/plugins/${pluginName}`
    mkdirSync(target, { recursive: true })
    copyFileSync(theirPlugin, `${target}/notation-${pluginName}`)
    chmodSync(`${target}/notation-${pluginName}`, 0o755)
    const settings = ['aws-signer-endpoint-url=http://signer.invalid', 'aws-region=us-east-1']
    const environment = {
      HTTP_PROXY: origin,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_MAX_ATTEMPTS: '1',
    }
    const named = settings.flatMap((setting) => ['--plugin-config', setting])
    const [verb, ...others] = parameters
    return notation(configDir, [verb, '--oci-layout', ...named, ...others], environment)
  }
  const judge = async (service, target, identities, expected, override) => {
    const configDir = trust(service.rootPath, identities, override)
    installPlugin(configDir, service.origin)
    await agree(target.path, configDir, expected)
    const code = await judgeAlone(service, target, configDir)
    assert.equal(code === 'accepted', expected.ok, `ocisign without a plugin: ${code}`)
    if (theirPlugin === undefined) return
    const verify = ['verify', '--scope', scope, `${target.path}:v1`]
    const { status, stderr } = await runTheirs(configDir, service, verify)
    requireVerdict("AWS's plugin", { ok: status === 0, error: stderr.trim() }, { ok: expected.ok })
  }

  try {
    const service = await start()
    const { profileArn, profileVersionArn } = service
    const signed = await service.sign()
    for (const [name, identities, expected] of [
      ['the profile', [profileArn], accepted],
      ['its version, beside others', [`${profileArn}/other`, profileVersionArn], accepted],
      ['another profile', [`${profileArn}x`], stranger],
      ['another version', [`${profileArn}/other`], stranger],
      ['the same profile of another account', [profileArn.replace('123456789012', '210987654321')], stranger],
      ['whoever the certificate names', ['x509.subject:C=US,ST=WA,O=Example'], stranger],
      ['everybody', ['*'], { ok: false }],
    ])
      await check(`jws: AWS Signer signs, trusted is ${name}: ${expected.ok ? 'accepted' : 'refused'}`, () =>
        judge(service, signed, identities, expected),
      )
    await check(
      'jws: the service does not answer what is revoked: refused, unless the policy does not ask',
      async () => {
        service.fail({ status: 500, body: {} }, { path: /revocations/ })
        await judge(service, signed, [profileArn], revoked)
        await judge(service, signed, [profileArn], accepted, { revocation: 'skip' })
        service.recover()
      },
    )
    for (const what of ['the version of the profile', 'the job', 'a certificate'])
      await check(`jws: ${what} is revoked: refused`, async () => {
        const own = await start()
        const target = await own.sign()
        await judge(own, target, [own.profileArn], accepted)
        const asked = own.questions.at(-1)
        const entities = {
          'the version of the profile': own.profileVersionArn,
          'the job': asked.get('jobArn'),
          'a certificate': asked.getAll('certificateHashes')[1],
        }
        own.revoke(entities[what])
        await judge(own, target, [own.profileArn], revoked)
      })
    await check('jws: signed for another artifact, and without the plugin: refused', async () => {
      const configDir = trust(service.rootPath, [profileArn])
      requireVerdict('notation-go', await go.ask({ ...verifyRequest(signed, configDir) }), { ok: false })
      installPlugin(configDir, service.origin)
      const [{ mediaType, envelope }] = readSignatures(signed.path)
      const descriptor = { ...signed.subject, digest: `sha256:${'0'.repeat(64)}` }
      const request = { op: 'verifyEnvelope', envelope: envelope.toString('base64'), mediaType, descriptor, configDir }
      requireVerdict('notation-go', await go.ask({ ...request, scope }), { ok: false })
    })

    // AWS Signer makes no COSE, but nothing in its attributes says that it never will.
    for (const format of formats)
      for (const [minimum, expected] of [
        ['1.0.0', accepted],
        ['1.0.350', accepted],
        ['1.0.351', { ok: false }],
      ])
        await check(
          `${format}: as notation-core-go writes its attributes, for the plugin from ${minimum}`,
          async () => {
            const { keyPath, chainPath, rootPath } = await chain('p384', 3)
            const target = layout()
            const attributes = {
              'com.amazonaws.signer.signingJob': 'arn:aws:signer:us-east-1:123456789012:/signing-jobs/1',
              'com.amazonaws.signer.signingProfileVersion': profileVersionArn,
              'io.cncf.notary.verificationPlugin': pluginName,
              'io.cncf.notary.verificationPluginMinVersion': minimum,
            }
            const extendedAttributes = Object.entries(attributes).map(([key, value]) => ({
              key,
              value,
              critical: true,
            }))
            const scheme = 'notary.x509.signingAuthority'
            const request = { op: 'sign', layout: target.path, reference: 'v1', format, keyPath, chainPath, scheme }
            requireSigned(await go.ask({ ...request, extendedAttributes }))
            assert.equal(readSignatures(target.path)[0].mediaType, mediaTypes[format])
            await judge({ ...service, rootPath }, target, [profileArn], expected)
          },
        )

    if (theirPlugin !== undefined)
      await check("AWS's plugin signs in notation, ocisign verifies with its own", async () => {
        const target = layout()
        const configDir = trust(service.rootPath, [profileArn])
        const key = ['--plugin', pluginName, '--id', profileArn]
        requireSuccess('notation', await runTheirs(configDir, service, ['sign', ...key, `${target.path}:v1`]))
        await judge(service, target, [profileArn], accepted)
      })
  } finally {
    for (const service of services) await service.close()
  }
}

const verifyRequest = ({ path }, configDir) => ({
  op: 'verify',
  layout: path,
  reference: 'v1',
  configDir,
  scope,
  lister: 'specification',
})
