// SPDX-License-Identifier: Apache-2.0
// What an answer that was not expected means (distribution-spec, error codes).
import { isJsonObject, isOcisignError, OcisignError, parseJsonObject } from '@ocisign/core'
import type { Client } from './client.js'
import { redact } from './redact.js'
import { parseRetryAfter } from './retry.js'
import type { TransportResponse } from './transport.js'

/** Bytes of an answer that is an error. */
const maxErrorBytes = 16 * 1024
const maxErrors = 8

/** What the registry said, with all that it takes to say so. */
export interface RefusedRequest {
  readonly client: Pick<Client, 'repository' | 'origin'>
  /** `read manifest sha256:…` */
  readonly what: string
  /** The header that it was sent with, to be kept out of messages. */
  readonly authorization: string | undefined
  readonly clock: () => Date
}

/** The error that an answer stands for; its body is read, or let go. */
export async function errorOf(response: TransportResponse, request: RefusedRequest): Promise<OcisignError> {
  const { client, what, authorization, clock } = request
  const { status, url, headers } = response
  const errors = await readErrors(response)
  const codes = errors.map(({ code }) => code)
  const said = errors.map(({ code, message }) => (message ? `${code}: ${redact(message, authorization)}` : code))
  const { host } = url
  const { repository } = client
  const tail = said.length > 0 ? ` ${said.slice(0, 2).join('; ')}` : ''
  const message = `could not ${what} of ${repository}: ${host} answered ${status}${tail}`
  const from = { host, status }

  const retryAfterSeconds = parseRetryAfter(headers.get('retry-after'), clock())
  if (status === 429 || (status === 503 && retryAfterSeconds !== undefined) || codes.includes('TOOMANYREQUESTS'))
    return new OcisignError('UNAVAILABLE_RATE_LIMIT', `${message}; too many requests, try again later`, {
      ...from,
      retryable: true,
      retryAfterSeconds,
    })
  // What another host says, storage that the registry sent us to, says nothing of the repository.
  if (url.origin === client.origin) {
    if (status === 401) return new OcisignError('DENIED_CREDENTIALS', `${message}; the credentials were refused`, from)
    if (status === 403)
      return new OcisignError('DENIED_REPOSITORY', `${message}; this needs a permission`, { ...from, repository })
    if (status === 404 && codes.includes('NAME_UNKNOWN'))
      return new OcisignError('UNAVAILABLE_REPOSITORY', `${message}; there is no such repository`, {
        ...from,
        repository,
        retryable: false,
      })
    // An upload that is gone says nothing of what is there.
    if (status === 404 && !codes.includes('BLOB_UPLOAD_UNKNOWN'))
      return new OcisignError('UNAVAILABLE_NOT_FOUND', `${message}; it is not there`, {
        reference: what,
        retryable: false,
      })
  }
  const retryable = status >= 500 || status === 408 || codes.includes('BLOB_UPLOAD_UNKNOWN')
  return new OcisignError('UNAVAILABLE_REGISTRY', message, { ...from, codes, retryable })
}

interface RegistryError {
  readonly code: string
  readonly message: string
}

/** The registry's own errors; none where the body is something else, which is common. */
async function readErrors(response: TransportResponse): Promise<readonly RegistryError[]> {
  try {
    const { errors } = parseJsonObject(await response.bytes(maxErrorBytes), { what: 'the answer' })
    if (!Array.isArray(errors)) return []
    return errors.slice(0, maxErrors).flatMap((each) => {
      if (!isJsonObject(each)) return []
      const { code, message } = each
      if (typeof code !== 'string' || !/^[A-Z][A-Z0-9_]{0,63}$/.test(code)) return []
      return [{ code, message: typeof message === 'string' ? message : '' }]
    })
  } catch (error) {
    if (isOcisignError(error)) return []
    throw error
  }
}
