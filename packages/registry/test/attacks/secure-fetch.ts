// SPDX-License-Identifier: Apache-2.0
import { type RequestOptions, request } from 'node:https'
import { Readable } from 'node:stream'

/** A fetch that trusts one authority, as the command line's does with `--ca-file`; plain http goes the usual way. */
export function createSecureFetch(ca: string): typeof globalThis.fetch {
  return (input, init = {}) => {
    const url = new URL(`${input}`)
    if (url.protocol !== 'https:') return fetch(url, init)
    const { method = 'GET', body, signal } = init
    const options = { method, ca, headers: init.headers, signal } as RequestOptions
    return new Promise((resolve, reject) => {
      const sent = request(url, options, (answer) => {
        const { statusCode = 0, rawHeaders } = answer
        const headers = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1]!] as const] : []))
        const isEmpty = method === 'HEAD' || [204, 304].includes(statusCode)
        if (isEmpty) answer.resume()
        const stream = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>)
        resolve(new Response(stream, { status: statusCode, headers: headers as [string, string][] }))
      })
      sent.on('error', reject)
      sent.end(body as Uint8Array | undefined)
    })
  }
}
