// SPDX-License-Identifier: Apache-2.0

/** What Node's fetch sends its requests with: undici's, from where undici keeps it for all its copies. */
interface Dispatcher {
  dispatch(options: object, handler: object): boolean
}

const dispatcherKey = Symbol.for('undici.globalDispatcher.1')

/**
 * Makes a fetch that keeps its connection after a HEAD, where the platform would close it. Node does, for servers that
 * send a body which they must not: what reads the next answer notices that, too. The handshake it saves takes longer
 * than the request.
 */
export function createKeepAliveFetch(send: typeof globalThis.fetch): typeof globalThis.fetch {
  return (address, init) => send(address, init?.method === 'HEAD' ? { ...init, ...keepAlive() } : init)
}

/** Other platforms have no such thing, and it is not there before the first request. */
function keepAlive(): { readonly dispatcher?: Dispatcher } {
  const { [dispatcherKey]: dispatcher } = globalThis as { readonly [dispatcherKey]?: Partial<Dispatcher> }
  if (typeof dispatcher?.dispatch !== 'function') return {}
  const { dispatch } = dispatcher
  return {
    dispatcher: { dispatch: (options, handler) => dispatch.call(dispatcher, { ...options, reset: false }, handler) },
  }
}
