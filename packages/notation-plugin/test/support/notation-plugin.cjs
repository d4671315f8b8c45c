// SPDX-License-Identifier: Apache-2.0
// A Notation plugin that knows nothing of ours: what it does otherwise than it should is in LIES, words with spaces.
const { createHash, createPrivateKey, sign, constants } = require('node:crypto')
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs')
const { basename, join } = require('node:path')
const { spawn } = require('node:child_process')

const [, file, command] = process.argv
const setting = JSON.parse(readFileSync(join(__dirname, 'setting.json'), 'utf8'))
const lies = new Set((process.env.LIES ?? '').split(' '))
const text = readFileSync(0, 'utf8')
const request = JSON.parse(text)
appendFileSync(
  join(__dirname, 'asked.log'),
  `${JSON.stringify({ command, request, parameters: process.argv.slice(2) })}\n`,
)

function fail(errorCode, errorMessage) {
  process.stderr.write(JSON.stringify({ errorCode, errorMessage, errorMetadata: { token: 'hunter2' } }))
  process.exit(1)
}

const key = () => createPrivateKey(setting.key)
const isRsa = setting.keySpec.startsWith('RSA')
const hash = { 'EC-256': 'sha256', 'EC-384': 'sha384', 'EC-521': 'sha512', 'RSA-2048': 'sha256' }[setting.keySpec]

function signRaw(bytes) {
  if (lies.has('bad-signature')) bytes = Buffer.concat([bytes, Buffer.from('x')])
  if (lies.has('hashed-twice')) bytes = createHash(hash).update(bytes).digest()
  if (isRsa)
    return sign(hash, bytes, {
      key: key(),
      padding: lies.has('pkcs1') ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_PSS_PADDING,
      saltLength: lies.has('pkcs1')
        ? undefined
        : lies.has('long-salt')
          ? constants.RSA_PSS_SALTLEN_MAX_SIGN
          : constants.RSA_PSS_SALTLEN_DIGEST,
    })
  return sign(hash, bytes, { key: key(), dsaEncoding: lies.has('der') ? 'der' : 'ieee-p1363' })
}

const seconds = (date) => date.toISOString().replace(/\.\d+Z$/, 'Z')

function makeEnvelope() {
  const now = new Date()
  let payload = Buffer.from(request.payload, 'base64').toString()
  const edit = (change) => {
    const document = JSON.parse(payload)
    change(document)
    payload = JSON.stringify(document)
  }
  if (lies.has('other-digest')) edit((d) => (d.targetArtifact.digest = `sha256:${'9'.repeat(64)}`))
  if (lies.has('other-size')) edit((d) => d.targetArtifact.size++)
  if (lies.has('other-media-type')) edit((d) => (d.targetArtifact.mediaType = 'other/type'))
  if (lies.has('no-annotations')) edit((d) => delete d.targetArtifact.annotations)
  if (lies.has('other-annotation')) edit((d) => (d.targetArtifact.annotations.build = 'evil'))
  if (lies.has('more-annotations'))
    edit((d) => (d.targetArtifact.annotations = { ...d.targetArtifact.annotations, more: '1' }))
  if (lies.has('reserved-annotation'))
    edit((d) => (d.targetArtifact.annotations = { ...d.targetArtifact.annotations, 'io.cncf.notary.x': '1' }))
  if (lies.has('more-members')) edit((d) => (d.targetArtifact.urls = ['https://example.com']))
  if (lies.has('more-payload')) edit((d) => (d.other = 1))
  if (lies.has('two-digests')) payload = payload.replace('"digest":', `"digest":"sha256:${'9'.repeat(64)}","digest":`)
  const protectedHeader = {
    alg: 'ES256',
    crit: ['io.cncf.notary.signingScheme'],
    cty: request.payloadType,
    'io.cncf.notary.signingScheme': 'notary.x509',
    'io.cncf.notary.signingTime': seconds(now),
  }
  const critical = (name, value) => {
    protectedHeader[name] = value
    protectedHeader.crit.push(name)
  }
  const duration = lies.has('late-expiry') ? 1e7 : request.expiryDurationInSeconds
  if (duration && !lies.has('no-expiry')) critical('io.cncf.notary.expiry', seconds(new Date(+now + duration * 1000)))
  if (lies.has('past-expiry')) critical('io.cncf.notary.expiry', seconds(new Date(+now - 1000)))
  if (lies.has('critical') || lies.has('own-critical')) critical('com.example.job', 'job-1')
  if (lies.has('own-critical')) critical('io.cncf.notary.verificationPlugin', setting.name)
  if (lies.has('other-type')) protectedHeader.cty = 'text/plain'
  const head = Buffer.from(JSON.stringify(protectedHeader)).toString('base64url')
  const body = Buffer.from(payload).toString('base64url')
  const x5c = lies.has('other-chain') ? setting.otherChain : setting.chain
  const signature = signRaw(Buffer.from(`${head}.${body}`)).toString('base64url')
  return Buffer.from(JSON.stringify({ payload: body, protected: head, header: { x5c }, signature })).toString('base64')
}

function verify() {
  const { signature, trustPolicy } = request
  const results = {}
  for (const check of trustPolicy.signatureVerification)
    results[check] = {
      success: !lies.has('says-no'),
      reason: lies.has('says-no') ? 'because \u001b[31mI say so' : 'ok',
    }
  if (lies.has('one-result')) delete results['SIGNATURE_VERIFIER.REVOCATION_CHECK']
  if (lies.has('more-results')) results['SIGNATURE_VERIFIER.EVERYTHING'] = { success: true }
  if (lies.has('success-text')) for (const check in results) results[check].success = 'true'
  const processed = lies.has('unprocessed')
    ? []
    : lies.has('others-processed')
      ? ['com.other']
      : signature.unprocessedAttributes
  return { verificationResults: results, processedAttributes: processed }
}

const capabilities = () => {
  if (lies.has('no-capabilities')) return []
  return setting.capabilities
}

const commands = {
  'get-plugin-metadata': () => ({
    name: lies.has('other-name') ? 'com.example.other' : setting.name,
    description: 'a plugin for tests',
    version: lies.has('bad-version') ? 'v1' : setting.version,
    url: 'https://example.com',
    supportedContractVersions: lies.has('other-contract') ? ['2.0'] : ['1.0'],
    capabilities: capabilities(),
    ...(lies.has('prototype') && JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')),
  }),
  'describe-key': () => ({
    keyId: lies.has('describes-other-key') ? 'other' : request.keyId,
    keySpec: lies.has('unknown-spec') ? 'EC-192' : lies.has('other-spec') ? 'EC-384' : setting.keySpec,
  }),
  'generate-signature': () => ({
    keyId: lies.has('other-key') ? 'other' : request.keyId,
    signature: lies.has('lax-base64')
      ? signRaw(Buffer.from(request.payload, 'base64')).toString('base64url')
      : signRaw(Buffer.from(request.payload, 'base64')).toString('base64'),
    signingAlgorithm: lies.has('other-algorithm')
      ? 'ECDSA-SHA-512'
      : `${isRsa ? 'RSASSA-PSS' : 'ECDSA'}-${hash.replace('sha', 'SHA-')}`,
    certificateChain: lies.has('no-chain')
      ? []
      : lies.has('long-chain')
        ? Array(11).fill(setting.chain[0])
        : lies.has('garbage-chain')
          ? ['AAAA']
          : lies.has('other-kind-chain')
            ? setting.otherKindChain
            : lies.has('other-chain')
              ? setting.otherChain
              : setting.chain,
  }),
  'generate-envelope': () => ({
    signatureEnvelope: lies.has('garbage-envelope') ? 'AAAA' : makeEnvelope(),
    signatureEnvelopeType: lies.has('other-envelope-type') ? 'application/cose' : request.signatureEnvelopeType,
    annotations: { job: '1', 'io.cncf.notary.x509chain.thumbprint#S256': 'made up' },
  }),
  'verify-signature': verify,
}

function misbehave() {
  if (lies.has('hangs')) {
    // Whoever kills this alone leaves a child that holds the pipes.
    const child = spawn('sleep', ['300'], { stdio: 'inherit' })
    writeFileSync(join(__dirname, 'child.pid'), `${process.pid} ${child.pid}`)
    return setTimeout(() => {}, 300_000)
  }
  if (lies.has('leaves-child')) spawn('sleep', ['30'], { stdio: 'inherit', detached: true }).unref()
  if (lies.has('endless') || lies.has('endless-complaints')) {
    const stream = lies.has('endless') ? process.stdout : process.stderr
    const write = () => {
      while (stream.write('x'.repeat(65_536)));
      stream.once('drain', write)
    }
    return write()
  }
  if (lies.has('garbage')) return process.stdout.write('hello, world')
  if (lies.has('array')) return process.stdout.write('[]')
  if (lies.has('duplicates')) return process.stdout.write('{"name":"a","name":"b"}')
  if (lies.has('deep')) return process.stdout.write('['.repeat(100_000))
  if (lies.has('silent-failure')) return process.exit(1)
  if (lies.has('prints-secret')) {
    process.stderr.write('panic: token=hunter2\n')
    return process.exit(1)
  }
  if (lies.has('exit-3')) {
    process.stderr.write(JSON.stringify({ errorCode: 'ACCESS_DENIED', errorMessage: 'hunter2' }))
    return process.exit(3)
  }
  if (lies.has('crashes')) return process.kill(process.pid, 'SIGKILL')
  if (lies.has('once-throttled')) {
    const mark = join(__dirname, 'throttled')
    const count = Number(readFileSync(mark, { encoding: 'utf8', flag: 'a+' }) || 0)
    writeFileSync(mark, String(count + 1))
    if (count < 1) return fail('THROTTLED', 'too many')
    lies.clear()
    return misbehave()
  }
  for (const lie of lies) if (lie.startsWith('error=')) return fail(lie.slice(6), 'because \u001b[31mI say so')
  if (lies.has('logs')) process.stderr.write('a line for people\n\u001b[31mred')
  process.stdout.write(JSON.stringify(commands[command]()))
}

if (basename(file).startsWith('notation-') && command !== undefined) {
  if (command === 'get-plugin-metadata' && !lies.has('always')) {
    for (const lie of [...lies])
      if (!/^(other-name|bad-version|other-contract|no-capabilities|prototype)$/.test(lie)) lies.delete(lie)
  }
  if (command === 'describe-key')
    for (const lie of [...lies])
      if (!/^(always|describes-other-key|unknown-spec|other-spec|described=.*)$/.test(lie) && !lies.has('always'))
        lies.delete(lie)
  misbehave()
}
