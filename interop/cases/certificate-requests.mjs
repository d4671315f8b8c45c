// SPDX-License-Identifier: Apache-2.0
// A key without a certificate gets one: `certificate csr` asks, a certificate authority in Go issues, the key signs with
// the chain, and `key show` prints the public key that Go reads from it. Files, and keys of a service.
import assert from 'node:assert/strict'
import { createFakeVault } from '../../packages/conformance/dist/vault/index.js'
import { algorithms, formats, requireSuccess } from '../context.mjs'

const token = 'a-token-of-a-test'
/** How Go calls what the request is signed with. */
const signatureAlgorithms = {
  p256: 'ECDSA-SHA256',
  p384: 'ECDSA-SHA384',
  p521: 'ECDSA-SHA512',
  rsa2048: 'SHA256-RSAPSS',
  rsa3072: 'SHA384-RSAPSS',
  rsa4096: 'SHA512-RSAPSS',
}
const [keyUsage, extendedKeyUsage] = ['2.5.29.15', '2.5.29.37']

export default async function ({ check, chain, folder, layout, trusting, agree, ours, go }) {
  const vault = await createFakeVault({ token })
  const environment = { VAULT_ADDR: vault.origin, VAULT_TOKEN: token }
  const keys = []
  for (const algorithm of algorithms) {
    const type = algorithm.startsWith('rsa') ? algorithm.replace('rsa', 'rsa-') : algorithm.replace('p', 'ecdsa-p')
    vault.createKey(algorithm, type)
    keys.push({ algorithm, uri: `hashivault://${algorithm}`, kind: 'Vault' })
    keys.push({ algorithm, uri: `file:${(await chain(algorithm, 1)).keyPath}`, kind: 'a file' })
  }
  try {
    for (const { algorithm, uri, kind } of keys)
      await check(
        `${algorithm} in ${kind}: Go issues for its request, and notation-go verifies what it signs`,
        async () => {
          const outDir = folder('certificate')
          const requestPath = `${outDir}/request.pem`
          const request = ['certificate', 'csr', '--key', uri, '--subject', 'C=US,ST=WA,O=Acme,CN=build']
          requireSuccess('ocisign', await ours.run([...request, '--output', requestPath], { environment }))
          const issued = await go.ask({ op: 'certify', requestPath, outDir })
          assert.equal(issued.signatureAlgorithm, signatureAlgorithms[algorithm])
          assert.equal(issued.subject, 'CN=build,O=Acme,ST=WA,C=US')
          assert.equal(issued.extensions.filter((id) => [keyUsage, extendedKeyUsage].includes(id)).length, 2)

          const { chainPath } = issued
          const show = ['key', 'show', '--certificate-chain', chainPath]
          const shown = await ours.run([...show, '--output', 'json', uri], { environment })
          requireSuccess('ocisign', shown)
          const { publicKey, notary } = JSON.parse(shown.stdout)
          assert.equal(publicKey, issued.publicKey)
          assert.equal(notary.usable, true)
          assert.ok((await ours.run([...show, uri], { environment })).stdout.includes(issued.publicKey.trim()))

          for (const format of formats) {
            const { path, reference } = layout()
            requireSuccess('ocisign', await ours.sign(reference, { key: uri, chain: chainPath, format, environment }))
            await agree(path, trusting(issued), { ok: true, failedChecks: [] })
          }
        },
      )
  } finally {
    await vault.close()
  }
}
