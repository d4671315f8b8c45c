// SPDX-License-Identifier: Apache-2.0
import { isOcisignError } from '../errors.js'
import { type JsonObject, parseJsonObject } from '../json.js'
import { limits } from '../limits.js'

/**
 * Reads the answer of a service, which is a JSON object of at most 1 MiB; undefined for any other, of which no more than
 * that is read.
 * @throws what the connection throws
 */
export async function readJsonAnswer({ body }: Pick<Response, 'body'>): Promise<JsonObject | undefined> {
  const bytes = new Uint8Array(limits.documentBytes)
  let end = 0
  const reader = body?.getReader()
  while (reader) {
    const { done, value } = await reader.read()
    if (done) break
    if (end + value.length > bytes.length) {
      await reader.cancel()
      return undefined
    }
    bytes.set(value, end)
    end += value.length
  }
  try {
    return parseJsonObject(bytes.subarray(0, end), { what: 'the answer' })
  } catch (error) {
    if (isOcisignError(error)) return undefined
    throw error
  }
}
