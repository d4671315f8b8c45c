// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, isOcisignError, OcisignError, printable } from '@ocisign/core'
import {
  type Account,
  createAccount,
  forgetHeader,
  headerOf,
  type IssuedToken,
  keepCredential,
  keepFixed,
  keepToken,
  knownCredential,
  refuseCredential,
  refusedCredential,
} from './account.js'
import { createCache } from './cache.js'
import { type Challenge, readChallenges } from './challenge.js'
import { createFlights } from './flights.js'
import { basic, bearer, checkCredential, isSameCredential } from './header.js'
import { parseRealm } from './realm.js'
import { actionsToAsk, scopesOf, sortActions } from './scope.js'
import { requestToken, type TokenAnswer } from './token.js'
import type { AuthorizationTarget, Authorizer, AuthorizerOptions, Credential } from './types.js'

const maxAccounts = 1000
const dockerHubHosts: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

/**
 * Creates what answers the challenges of registries, and keeps tokens until shortly before they expire.
 *
 * Whatever is known belongs to one repository and is used for no other; what several calls need at once is asked for
 * once. A credential that was refused is forgotten, and its source asked again, once.
 */
export function createAuthorizer({ transport, credentials, clock }: AuthorizerOptions): Authorizer {
  const accounts = createCache<Account>(maxAccounts, createAccount)
  const answers = createFlights<string>()
  const lookups = createFlights<Credential | undefined>()
  const now = () => clock().getTime()

  /** The credential, from the source where it is not known: then it is no use to ask for another. */
  async function findCredential(
    account: Account,
    target: AuthorizationTarget,
    options: CallOptions,
  ): Promise<{ readonly value: Credential | undefined; readonly isNew: boolean }> {
    const known = knownCredential(account, now())
    if (known) return { value: known.value, isNew: false }
    const value = await lookups.join(accountKey(target), options, async (signal) => {
      const host = dockerHubHosts.includes(target.host) ? 'docker.io' : target.host
      const repository = target.path === '' ? undefined : `${host}/${target.path}`
      const refused = refusedCredential(account, now())
      const given = await credentials?.({ host, repository, refused: refused?.credential }, { signal }).catch(
        (cause: unknown) => {
          signal.throwIfAborted()
          if (isOcisignError(cause)) throw cause
          const message = `the credentials for ${printable(host)} could not be looked up`
          throw new OcisignError('UNAVAILABLE_CREDENTIALS', message, { host, retryable: false }, { cause })
        },
      )
      const found = checkCredential(given, host)
      if (refused?.isCertain && (!found || isSameCredential(found, refused.credential)))
        throw deniedCredentials(target, refused.credential)
      keepCredential(account, found, now())
      return found
    })
    return { value, isNew: true }
  }

  async function answerOnce(
    account: Account,
    target: AuthorizationTarget,
    challenge: Challenge,
    actions: readonly string[],
    options: CallOptions,
    isLast = false,
  ): Promise<string> {
    // Where nothing may be sent, nobody is asked for anything.
    const realm =
      challenge.scheme === 'bearer' ? parseRealm(challenge.parameters.get('realm') ?? '', target) : undefined
    const { value: credential, isNew } = await findCredential(account, target, options)
    if (credential && 'registryToken' in credential)
      return keepFixed(account, bearer(credential.registryToken), credential)
    if (realm) {
      const answer = await askForToken(account, target, realm, challenge, credential, actions, options)
      if (!('refused' in answer)) return answer.header
      if (!credential) throw noCredentials(target, answer.refused)
      refuseCredential(account, credential, now(), answer.refused !== 403)
      if (isNew || isLast) throw deniedCredentials(target, credential, answer.refused)
      // What is known may be of yesterday: asked anew, the source may have today's, or says that it has no other.
      return answerOnce(account, target, challenge, actions, options, true)
    }
    if (!credential) throw noCredentials(target, 401)
    if ('identityToken' in credential) {
      const message = `${printable(target.host)} asks for a name and a password, and the credential is an identity token`
      throw new OcisignError('DENIED_CREDENTIALS', message, { host: target.host, status: 401 })
    }
    return keepFixed(account, basic(credential.username, credential.password), credential)
  }

  async function askForToken(
    account: Account,
    target: AuthorizationTarget,
    realm: URL,
    challenge: Challenge,
    credential: Exclude<Credential, { readonly registryToken: string }> | undefined,
    actions: readonly string[],
    options: CallOptions,
  ): Promise<{ readonly header: string } | Extract<TokenAnswer, { readonly refused: number }>> {
    const asked = now()
    const answer = await requestToken(transport, {
      realm,
      service: challenge.parameters.get('service'),
      scopes: scopesOf(target, actions),
      credential,
      host: target.host,
      signal: options.signal,
    })
    if ('refused' in answer) return answer
    const header = bearer(answer.token)
    account.refused = undefined
    keepToken(account, { header, actions, isAnonymous: credential === undefined }, answer.seconds, asked)
    return { header }
  }

  return {
    current(target) {
      const account = accounts.get(accountKey(target))
      return account && headerOf(account, target.actions, now())
    },
    async answer(header, target, refused, options = {}) {
      options.signal?.throwIfAborted()
      const key = accountKey(target)
      const account = accounts.ensure(key)
      const fresh = refused === undefined ? undefined : forgetHeader(account, refused, target.actions, now())
      // Some ask for nothing more where they were told already.
      if (header === null && refused !== undefined) throw deniedCredentials(target, undefined)
      const challenge = chooseChallenge(header, target)
      const actions = actionsToAsk(target, challenge.parameters.get('scope'))
      if (fresh && isFinal(fresh, challenge, actions))
        throw fresh.isAnonymous ? noCredentials(target, 401) : deniedRepository(target, 401)
      const atHand = headerOf(account, target.actions, now())
      if (atHand !== undefined && atHand !== refused && covers(account, atHand, actions)) return atHand
      const found = await answers.join(JSON.stringify([key, challenge.scheme, actions]), options, (signal) =>
        answerOnce(account, target, challenge, actions, { signal }),
      )
      if (found !== refused) return found
      forgetHeader(account, found, target.actions, now())
      throw deniedCredentials(target, undefined)
    },
  }
}

/**
 * Whether another token would be refused like this one: it is of this minute and allows for all that is asked for. Only a
 * registry that says that it does not know the token (RFC 6750 section 3.1) may have lost it.
 */
function isFinal(token: IssuedToken, { parameters }: Challenge, actions: readonly string[]): boolean {
  return parameters.get('error') !== 'invalid_token' && actions.every((each) => token.actions.includes(each))
}

/** Whether what is at hand is all that the challenge asks for. */
function covers(account: Account, header: string, actions: readonly string[]): boolean {
  const token = account.tokens.find((each) => each.header === header)
  return token === undefined || actions.every((each) => token.actions.includes(each))
}

/** None of these holds a space. */
const accountKey = ({ origin, host, path, mountFrom = '' }: AuthorizationTarget) =>
  `${origin} ${host} ${path} ${mountFrom}`

/** Bearer before Basic: the password stays with the token service. */
function chooseChallenge(header: string | null, target: AuthorizationTarget): Challenge {
  const challenges = header === null ? [] : readChallenges(header)
  const chosen =
    challenges?.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm')) ??
    challenges?.find(({ scheme }) => scheme === 'basic')
  if (chosen) return chosen
  const { host } = target
  const why =
    challenges === undefined
      ? 'in a way that cannot be read'
      : challenges.length === 0
        ? 'without saying how'
        : `in a way that is not known here: ${challenges.map(({ scheme }) => printable(scheme, 40)).join(', ')}`
  const message = `${printable(host)} asks for authentication ${why}`
  throw new OcisignError('UNAVAILABLE_CREDENTIALS', message, { host, status: 401, retryable: false })
}

const nameOf = ({ host, path }: AuthorizationTarget) => (path === '' ? host : `${host}/${path}`)

function noCredentials(target: AuthorizationTarget, status: number): OcisignError {
  const { host } = target
  const message = `${printable(nameOf(target))} is not open to everyone (${status}), and there are no credentials for ${printable(host)}; log in, or check the name`
  return new OcisignError('DENIED_CREDENTIALS', message, { host, status })
}

function deniedCredentials(
  target: AuthorizationTarget,
  credential: Credential | undefined,
  status = 401,
): OcisignError {
  const { host } = target
  const what = credential && 'username' in credential ? 'the name or password' : 'the token'
  // Some token services answer alike to whoever is unknown and whoever may not.
  const or = status === 403 ? `, or what it allows for is not ${doingOf(target)}` : ''
  const message = `${printable(host)} refused ${what} (${status})${or}, and there is no other; log in again`
  return new OcisignError('DENIED_CREDENTIALS', message, { host, status })
}

const doingOf = (target: AuthorizationTarget) =>
  `${sortActions(target.actions).join(', ') || 'anything'} in ${printable(nameOf(target))}`

function deniedRepository(target: AuthorizationTarget, status: number): OcisignError {
  const message = `these credentials do not allow for ${doingOf(target)} (${status}), or there is no such repository`
  return new OcisignError('DENIED_REPOSITORY', message, { host: target.host, status, repository: nameOf(target) })
}
