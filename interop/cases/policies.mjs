// SPDX-License-Identifier: Apache-2.0
// One configuration directory, read by both: scopes, identities, levels.
import { requireSigned, scope } from '../context.mjs'

const trusted = 'x509.subject: C=US, ST=WA, O=ocisign interop'
const stranger = 'x509.subject: C=US, ST=WA, O=somebody else'
const accepted = { ok: true, failedChecks: [] }
const refused = { ok: false, failedChecks: ['authenticity'] }

const cases = {
  'an identity that is the signer': [[{ identities: [trusted] }], accepted],
  'an identity of somebody else': [[{ identities: [stranger] }], refused],
  'two identities': [[{ identities: [stranger, trusted] }], accepted],
  'the exact scope': [[{ scopes: [scope] }], accepted],
  'no scope that fits': [[{ scopes: ['local/other'] }], { ok: false, failedChecks: [] }],
  'an exact scope before the global one': [[{ scopes: [scope], identities: [stranger] }, {}], refused],
  'level audit': [[{ level: 'audit', identities: [stranger] }], { ok: true, failedChecks: ['authenticity'] }],
  'level permissive': [[{ level: 'permissive' }], accepted],
  'level skip': [[{ level: 'skip', scopes: [scope] }], accepted],
  'an override that logs': [[{ override: { expiry: 'log', revocation: 'skip' } }], accepted],
  'an unknown level': [[{ level: 'lenient' }], { ok: false, failedChecks: [] }],
  'a trust store that is not there': [[{ stores: ['ca:absent'] }], { ok: false }],
}

export default async function ({ check, chain, layout, trusting, agree, go }) {
  const material = await chain()
  const { path } = layout()
  const { keyPath, chainPath } = material
  requireSigned(await go.ask({ op: 'sign', layout: path, reference: 'v1', format: 'jws', keyPath, chainPath }))
  for (const [what, [statements, expected]] of Object.entries(cases)) {
    await check(what, async () => {
      await agree(path, trusting(material, { statements }), expected)
    })
  }
}
