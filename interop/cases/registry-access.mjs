// SPDX-License-Identifier: Apache-2.0
// Registries that ask who is there, by the basic scheme and with tokens: credentials kept by either command line serve the
// other, and nobody without them gets any other answer than that.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { requireSigned, requireSuccess, requireVerdict } from '../context.mjs'
import { notation, writeSigningKeys } from '../notation.mjs'

const accepted = { ok: true, failedChecks: [] }
const names = ['docker-registry-basic', 'docker-registry-bearer', 'olareg-basic', 'olareg-bearer']

export default async function (context) {
  for (const name of names) {
    const registry = await context.registry(name)
    await keepCredentials(context, registry)
    await giveCredentials(context, registry)
    await refuse(context, registry)
  }
  await countTokens(context)
}

async function setUp(context, registry) {
  const { chain, trusting, oras } = context
  const { keyPath, chainPath, ...material } = await chain()
  const configDir = trusting(material)
  writeSigningKeys(configDir, [{ name: 'key', keyPath, certPath: chainPath }])
  const repository = context.newRepository(registry)
  const { username, password } = registry.credentials
  const { digest } = await oras.push(`${repository}:v1`, { parameters: ['-u', username, '-p', password] })
  const key = { key: `file:${keyPath}`, chain: chainPath, format: 'jws' }
  return {
    configDir,
    repository,
    exact: `${repository}@${digest}`,
    digest,
    key,
    username,
    password,
    keyPath,
    chainPath,
  }
}

/** notation writes by the tag schema where it is not told otherwise, which olareg hides. */
const flagsFor = ({ hasReferrersApi }) => (hasReferrersApi ? ['--force-referrers-tag=false'] : [])

async function keepCredentials(context, registry) {
  const { check, folder, oras, ours, go } = context
  const { name, host } = registry
  await check(`${name}: what oras login keeps serves ocisign and notation`, async () => {
    const { configDir, exact, key, username, password } = await setUp(context, registry)
    const dockerConfig = folder('docker')
    const environment = { DOCKER_CONFIG: dockerConfig }
    await oras.must(['login', '--plain-http', '-u', username, '--password-stdin', host], {
      input: password,
      dockerConfig,
    })
    requireSuccess('ocisign', await ours.registry.sign(exact, { ...key, environment }))
    requireVerdict('ocisign', await ours.registry.verify(exact, { configDir, environment }), accepted)
    requireSuccess('notation', await notationOn(configDir, 'verify', exact, [], environment))
    requireSuccess('notation', await notationOn(configDir, 'sign', exact, flagsFor(registry), environment))
    assert.equal((await oras.discover(exact, { dockerConfig })).length, 2)
  })
  await check(`${name}: what ocisign login keeps serves oras and notation, until ocisign logout`, async () => {
    const { configDir, exact, key, repository, digest, username, password, keyPath, chainPath } = await setUp(
      context,
      registry,
    )
    const dockerConfig = folder('docker')
    const environment = { DOCKER_CONFIG: dockerConfig }
    const login = ['login', '--username', username, '--password-stdin', host]
    requireSuccess('ocisign', await ours.run(login, { environment, input: `${password}\n` }))
    assert.ok(existsSync(`${dockerConfig}/config.json`))
    requireSuccess('notation', await notationOn(configDir, 'sign', exact, flagsFor(registry), environment))
    requireSuccess('ocisign', await ours.registry.sign(exact, { ...key, environment }))
    const request = {
      op: 'sign',
      repository,
      username,
      password,
      reference: digest,
      format: 'cose',
      keyPath,
      chainPath,
    }
    requireSigned(await go.ask(request))
    assert.equal((await oras.discover(exact, { dockerConfig })).length, 3)
    requireSuccess('ocisign', await ours.run(['logout', host], { environment }))
    requireDenied(await ours.registry.verify(exact, { configDir, environment }))
    assert.notEqual((await oras.run(['discover', '--plain-http', exact], { dockerConfig })).status, 0)
  })
  await check(`${name}: a credential helper`, async () => {
    const { configDir, exact, key, username, password } = await setUp(context, registry)
    const [dockerConfig, programs] = [folder('docker'), folder('programs')]
    writeHelper(`${programs}/docker-credential-interop`, { ServerURL: host, Username: username, Secret: password })
    for (const config of [{ credHelpers: { [host]: 'interop' } }, { credsStore: 'interop' }]) {
      writeFileSync(`${dockerConfig}/config.json`, JSON.stringify(config))
      const environment = { DOCKER_CONFIG: dockerConfig, PATH: `${programs}:${process.env.PATH}` }
      requireSuccess('ocisign', await ours.registry.sign(exact, { ...key, environment }))
      requireVerdict('ocisign', await ours.registry.verify(exact, { configDir, environment }), accepted)
    }
  })
}

async function giveCredentials(context, registry) {
  const { check, folder, ours } = context
  await check(`${registry.name}: a name and a password on standard input, or in the environment`, async () => {
    const { configDir, exact, key, username, password } = await setUp(context, registry)
    const nobody = { DOCKER_CONFIG: folder('docker') }
    const parameters = ['--username', username, '--password-stdin']
    requireSuccess(
      'ocisign',
      await ours.registry.sign(exact, { ...key, parameters, input: password, environment: nobody }),
    )
    const environment = { ...nobody, NOTATION_USERNAME: username, NOTATION_PASSWORD: password }
    requireVerdict('ocisign', await ours.registry.verify(exact, { configDir, environment }), accepted)
    requireSuccess('notation', await notationOn(configDir, 'verify', exact, [], environment))
  })
}

async function refuse(context, registry) {
  const { check, folder, ours } = context
  await check(`${registry.name}: nobody, or with a wrong password, is told so and learns nothing else`, async () => {
    const { configDir, exact, key, username } = await setUp(context, registry)
    const environment = { DOCKER_CONFIG: folder('docker') }
    requireDenied(await ours.registry.verify(exact, { configDir, environment }))
    const password = 'not-the-password-4711'
    const parameters = ['--username', username, '--password-stdin']
    const options = { configDir, environment, parameters, input: password }
    const verdict = await ours.registry.verify(exact, options)
    requireDenied(verdict)
    assert.ok(!JSON.stringify(verdict).includes(password), 'the password is in the answer')
    const signed = await ours.registry.sign(exact, { ...key, environment, parameters, input: password })
    assert.notEqual(signed.status, 0)
    assert.match(signed.stderr, /DENIED_CREDENTIALS/)
    assert.ok(!`${signed.stdout}${signed.stderr}`.includes(password), 'the password is in the output')
    const login = await ours.run(['login', ...parameters, registry.host], { environment, input: password })
    assert.notEqual(login.status, 0)
    const { DOCKER_CONFIG: dockerConfig } = environment
    const kept = existsSync(`${dockerConfig}/config.json`) ? readFileSync(`${dockerConfig}/config.json`, 'utf8') : ''
    assert.ok(!kept.includes(registry.host), 'a password that was refused is kept')
  })
}

async function countTokens(context) {
  const { check, oras, ours } = context
  const registry = await context.registry('docker-registry-bearer')
  await check('twenty tags of a repository need one token', async () => {
    const { configDir, repository, exact, key, username, password } = await setUp(context, registry)
    const environment = { NOTATION_USERNAME: username, NOTATION_PASSWORD: password }
    requireSuccess('ocisign', await ours.registry.sign(exact, { ...key, environment }))
    const tags = Array.from({ length: 20 }, (_, number) => `copy-${number}`)
    await oras.must(['tag', '--plain-http', '-u', username, '-p', password, exact, ...tags])
    const before = registry.tokens.issued.length
    const references = tags.map((tag) => `${repository}:${tag}`)
    for (const verdict of await ours.registry.verifyAll(references, { configDir, environment }))
      requireVerdict('ocisign', verdict, accepted)
    assert.equal(registry.tokens.issued.length - before, 1)
  })
}

/** Not allowed to know is neither trusted nor unsigned. */
function requireDenied(verdict) {
  requireVerdict('ocisign', verdict, { ok: false })
  assert.equal(verdict.report.error.code, 'DENIED_CREDENTIALS')
}

function writeHelper(path, answer) {
  const text = JSON.stringify(answer)
  writeFileSync(path, `#!/bin/sh\n[ "$1" = get ] || exit 1\ncat >/dev/null\ncat <<'END'\n${text}\nEND\n`)
  chmodSync(path, 0o755)
}

const notationOn = (configDir, verb, reference, parameters, environment) =>
  notation(configDir, [verb, '--insecure-registry', ...parameters, reference], environment)
