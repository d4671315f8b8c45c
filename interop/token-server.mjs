// SPDX-License-Identifier: Apache-2.0
// A token service as the distribution project describes it: whoever knows the password gets what is asked for, everybody
// else a token that allows nothing. It counts, so that cases can say how many tokens something took.
import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

export const issuer = 'interop-tokens'
export const service = 'interop-registry'
const tokenSeconds = 300

/**
 * @param {object} options
 * @param {{ keyPath: string, leafPath: string }} options.material an RSA key and its certificate
 * @param {string} options.username
 * @param {string} options.password
 */
export async function startTokenServer({ material, username, password }) {
  const key = createPrivateKey(readFileSync(material.keyPath))
  const certificate = readFileSync(material.leafPath, 'utf8').replace(/-----[^-]+-----|\s/g, '')
  const issued = []

  const issue = (request, form) => {
    const url = new URL(request.url, 'http://localhost')
    const ask = (name) => url.searchParams.get(name) ?? form.get(name)
    const known = credentialsOf(request, ask)
    if (known && (known.username !== username || known.password !== password)) return undefined
    const scopes = [...url.searchParams.getAll('scope'), ...form.getAll('scope')].flatMap((each) => each.split(' '))
    const access = known ? scopes.filter(Boolean).map(parseScope) : []
    issued.push({ anonymous: !known, scopes })
    return { access, sub: known?.username ?? '', aud: ask('service') }
  }

  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const claims = issue(request, new URLSearchParams(body))
    response.setHeader('content-type', 'application/json')
    response.statusCode = claims ? 200 : 401
    if (!claims) return response.end('{"errors":[{"code":"UNAUTHORIZED","message":"wrong name or password"}]}')
    const token = encodeToken({ key, certificate, claims })
    response.end(JSON.stringify({ token, access_token: token, expires_in: tokenSeconds }))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/token`,
    /** Every token given so far, with the scopes that were asked for. */
    issued,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** By the basic scheme, or as the form of an OAuth 2 password grant. */
function credentialsOf({ headers }, ask) {
  const basic = /^Basic (\S+)$/i.exec(headers.authorization ?? '')
  if (!basic) return ask('username') ? { username: ask('username'), password: ask('password') } : undefined
  const [, username, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic[1], 'base64').toString('utf8')) ?? []
  return { username, password }
}

function parseScope(scope) {
  const [, type, name, actions] = /^([^:]+):(.*):([^:]*)$/.exec(scope) ?? []
  return { type, name, actions: (actions ?? '').split(',') }
}

function encodeToken({ key, certificate, claims }) {
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now, nbf: now - 5, exp: now + tokenSeconds }
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = encode({ typ: 'JWT', alg: 'RS256', x5c: [certificate] })
  const signed = `${header}.${encode({ iss: issuer, ...times, jti: randomUUID(), ...claims })}`
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}
