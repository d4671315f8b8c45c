// SPDX-License-Identifier: Apache-2.0
import { type CallOptions, OcisignError } from '@ocisign/core'
import { errorOf } from './answer.js'
import type { Action, AuthorizationTarget, Authorizer } from './auth/types.js'
import type { RepositoryName } from './names.js'
import type { Transport, TransportResponse } from './transport.js'

/** One request to one repository. */
export interface ClientRequest extends CallOptions {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Under `/v2/PATH/`, with its query: `manifests/v1`; or what a `Location` or `Link` of an answer said, whole. */
  readonly at: string | URL
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Called for each try; it gives the same bytes. */
  readonly body?: (() => Uint8Array) | undefined
  readonly actions: readonly Action[]
  /** The path of the repository of the same registry that a blob is mounted from. */
  readonly mountFrom?: string | undefined
  /** Statuses that are an answer; every other one is thrown as the error it stands for. */
  readonly expected: readonly number[]
  readonly idempotent?: boolean | undefined
  /** Reads the body of a good answer at once, at most so many bytes; a connection lost meanwhile is tried again. */
  readonly readsBytes?: number | undefined
  /** What it is for, in errors: `read manifest sha256:…`; the repository is added. */
  readonly what: string
}

/** Speaks to one repository: names, credentials, and what an answer means. */
export interface Client {
  /** `host[:port]/path`. */
  readonly repository: string
  /** `host[:port]` as in the reference. */
  readonly host: string
  /** The path without the host. */
  readonly path: string
  /** Scheme, host and port of the API. */
  readonly origin: string
  /** @throws the errors of this package, and UNAVAILABLE_NOT_FOUND for a 404 that is not expected */
  send(request: ClientRequest): Promise<TransportResponse>
}

/** What {@link createClient} is made of; the parts are shared by all repositories. */
export interface ClientOptions {
  readonly transport: Transport
  readonly authorizer: Authorizer
  readonly clock: () => Date
}

/** A token may have run out, and the one for it lack a scope; a third challenge is a refusal. */
const maxAnswers = 2

/** Makes a client. */
export function createClient(name: RepositoryName, { transport, authorizer, clock }: ClientOptions): Client {
  const { repository, host, path, origin } = name
  return {
    repository,
    host,
    path,
    origin,
    async send(request) {
      const { method, at, headers, body, actions, mountFrom, expected, readsBytes, what, signal } = request
      const url = typeof at === 'string' ? new URL(`${origin}/v2/${path}/${at}`) : at
      // What a registry sends us to elsewhere gets no credentials, and none are asked for.
      const target: AuthorizationTarget | undefined =
        url.origin === origin ? { origin, host, path, actions, ...(mountFrom && { mountFrom }) } : undefined
      let authorization = target && authorizer.current(target)
      for (let answers = 0; ; answers++) {
        const response = await transport.send({
          method,
          url,
          headers,
          authorization,
          body,
          idempotent: request.idempotent ?? (method === 'GET' || method === 'HEAD'),
          readsBytes,
          what: `${what} of ${repository}`,
          signal,
        })
        const { status } = response
        if (expected.includes(status)) return response
        if (status === 401 && response.url.origin !== origin) throw await strangerAsks(response, origin, what)
        if (status !== 401 || !target || answers === maxAnswers)
          throw await errorOf(response, { client: name, what, authorization, clock })
        const challenge = response.headers.get('www-authenticate')
        await response.discard()
        authorization = await authorizer.answer(challenge, target, authorization, { signal })
      }
    },
  }
}

/** A host that the registry sent us to wants to know who we are. */
async function strangerAsks(response: TransportResponse, origin: string, what: string): Promise<OcisignError> {
  await response.discard()
  const { status, url } = response
  const message = `could not ${what}: ${new URL(origin).host} sends to ${url.host}, which asks for credentials (${status}); they go to nobody else`
  return new OcisignError('UNAVAILABLE_REDIRECT', message, { host: url.host, status, retryable: false })
}
