// SPDX-License-Identifier: Apache-2.0
// SoftHSM 2: a real PKCS#11 module, whose tokens are folders.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { issueCertificates } from './certificates.mjs'
import { installPkcs11js, installSofthsm } from './install.mjs'

const pin = 'a-pin-of-a-test'
const kinds = ['EC:prime256v1', 'EC:secp384r1', 'EC:secp521r1', 'rsa:2048', 'rsa:3072', 'rsa:4096']

export const name = 'SoftHSM 2'

/** Makes two tokens: `signer` with a key of each kind, and `other`, to which nobody is logged in. */
export async function start({ directory }) {
  const library = installSofthsm()
  const modules = installPkcs11js('2.1.7')
  const provider = join(modules, '@ocisign/provider-pkcs11/dist')
  const { createPkcs11Key, openToken } = await import(`${provider}/index.js`)
  const { openKey } = await import(`${provider}/uri/index.js`)
  const configuration = join(directory, 'softhsm2.conf')
  mkdirSync(join(directory, 'tokens'))
  writeFileSync(
    configuration,
    `directories.tokendir = ${directory}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`,
  )
  const environment = { ...process.env, SOFTHSM2_CONF: configuration }
  const run = (program, ...parameters) =>
    execFileSync(program, parameters, { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const tool = (...parameters) =>
    run('pkcs11-tool', '--module', library, '--token-label', 'signer', '--login', '--pin', pin, ...parameters)
  for (const label of ['signer', 'other'])
    run('softhsm2-util', '--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', pin)
  for (const [index, kind] of kinds.entries())
    tool('--keypairgen', '--key-type', kind, '--label', kind, '--id', `0${index + 1}`, '--usage-sign')
  tool('--keypairgen', '--key-type', 'EC:edwards25519', '--label', 'edwards', '--id', '11', '--usage-sign')

  // The library looks for it in the environment of this process.
  process.env.SOFTHSM2_CONF = configuration
  const { PKCS11, CKF_OS_LOCKING_OK } = createRequire(join(modules, 'x.js'))('pkcs11js')
  const module = new PKCS11()
  module.load(library)
  module.C_Initialize({ flags: CKF_OS_LOCKING_OK })
  const token = await openToken({ module, label: 'signer', pin: async () => pin })

  const retry = { wait: async () => undefined }
  const open = (label, more = {}) => createPkcs11Key({ token, label, retry, ...more })
  const openOther = async (given, label) =>
    createPkcs11Key({ token: await openToken({ module, label: 'other', pin: given }), label, retry })
  /** Writes what an authority issues for a key to the token, beside it. */
  const certify = async (label, id) => {
    const { chain } = await issueCertificates(await open(label))
    for (const [index, der] of chain.entries()) {
      const path = join(directory, `${id}-${index}.der`)
      writeFileSync(path, der)
      tool(
        '--write-object',
        path,
        '--type',
        'cert',
        '--label',
        `${label} ${index}`,
        '--id',
        index === 0 ? id : `f${id.at(-1)}`,
      )
    }
    return chain
  }
  const pinFile = join(directory, 'pin')
  writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 })
  const uriOf = (label, query) =>
    `pkcs11:token=signer;object=${encodeURIComponent(label)}?module-path=${library}${query}`

  const keys = kinds.map((kind) => ({
    name: kind,
    secrets: [pin],
    create: () => open(kind),
    failures: [
      { name: 'the PIN is wrong', code: 'DENIED_KEY', create: () => openOther('not the PIN', kind) },
      { name: 'nobody logs in', code: 'UNAVAILABLE_KEY', hasNoCause: true, create: () => openOther(undefined, kind) },
      { name: 'there is no such key', code: 'UNAVAILABLE_KEY', hasNoCause: true, create: () => open('missing') },
    ],
  }))
  return {
    keys,
    cases: [
      {
        name: 'the certificates on the token are the material, in order',
        async run({ equal, verify }) {
          const chain = await certify('EC:secp384r1', '02')
          const key = await open('EC:secp384r1', { certificates: 'token' })
          const { material } = await key.sign(new Uint8Array())
          equal(
            material.chain.map((der) => Buffer.from(der).toString('base64')),
            chain.map((der) => Buffer.from(der).toString('base64')),
          )
          await verify(key)
        },
      },
      {
        name: 'a key without a certificate says so where certificates are asked for',
        rejects: 'UNAVAILABLE_KEY',
        run: () => open('rsa:4096', { certificates: 'token' }),
      },
      {
        name: 'Ed25519, which Notary does not know, is unsupported',
        rejects: 'UNSUPPORTED_KEY',
        run: () => open('edwards'),
      },
      {
        name: 'a URI opens a key, with the PIN from a file',
        run: async ({ verify }) => verify(await openKey(uriOf('EC:prime256v1', `&pin-source=file:${pinFile}`), {})),
      },
      {
        name: 'a URI opens a key by its id, with the PIN of whoever is asked',
        run: async ({ verify }) =>
          verify(
            await openKey('pkcs11:token=signer;id=%05', {
              environment: { PKCS11_MODULE_PATH: library },
              passphrase: async () => pin,
            }),
          ),
      },
      {
        name: 'a URI opens a key with its certificates where the token has them',
        async run({ equal }) {
          await certify('rsa:2048', '04')
          const key = await openKey(uriOf('rsa:2048', `&pin-source=file:${pinFile}`), {})
          equal((await key.sign(new Uint8Array())).material.kind, 'x509')
        },
      },
      {
        name: 'a login that somebody else ended is begun anew within the same call',
        async run({ verify }) {
          const key = await open('EC:prime256v1')
          await token.use((session) => module.C_Logout(session))
          await verify(key)
        },
      },
      {
        name: 'a module that is none is unavailable',
        rejects: 'UNAVAILABLE_KEY',
        run: () => openKey(`pkcs11:token=signer;object=x?module-path=${pinFile}`, {}),
      },
    ],
    async close() {
      token.close()
      module.C_Finalize()
    },
  }
}
