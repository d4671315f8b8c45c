// SPDX-License-Identifier: Apache-2.0

import { OcisignError, type OpenKeyOptions, printable, type SigningKey, type X509Material } from '@ocisign/core'
import { defaultConfigDirectory } from '@ocisign/core/node'
import { pluginDirectory } from '../discover.js'
import { openPluginKey } from '../key.js'

/** The scheme of {@link openKey}. */
export const scheme = 'notation-plugin'

/** What {@link openKey} accepts beside what every opener does. */
export interface OpenPluginUriOptions extends OpenKeyOptions {
  /** The plugin directory; that of Notation's configuration by default. */
  readonly directory?: string | undefined
  /** Settings for the plugin, over those of the URI. */
  readonly config?: Readonly<Record<string, string>> | undefined
}

/**
 * Opens `notation-plugin:NAME?id=ID`, with `&plugin-config=key%3Dvalue` for each setting that the plugin needs.
 *
 * @throws INVALID_KEY for another URI, and what {@link openPluginKey} throws
 *
 * @example
 * ```ts compile
 * import { openKey } from '@ocisign/notation-plugin/uri'
 *
 * const key = await openKey('notation-plugin:com.example.hsm?id=release&plugin-config=slot%3D1')
 * console.log(key.algorithm)
 * ```
 */
export async function openKey(
  uri: string,
  { environment = process.env, directory, config, signal }: OpenPluginUriOptions = {},
): Promise<SigningKey<X509Material>> {
  const parsed = parsePluginUri(uri)
  return openPluginKey({
    directory: directory ?? pluginDirectory(defaultConfigDirectory({ env: environment })),
    name: parsed.name,
    id: parsed.id,
    config: { ...parsed.config, ...config },
    environment,
    signal,
  })
}

/** What a key's URI says. */
export interface PluginUri {
  readonly name: string
  readonly id: string
  readonly config: Readonly<Record<string, string>>
}

/**
 * Reads `notation-plugin:NAME?id=ID&plugin-config=key%3Dvalue`.
 * @throws INVALID_KEY
 *
 * @example
 * ```ts
 * import { parsePluginUri } from '@ocisign/notation-plugin/uri'
 *
 * console.log(parsePluginUri('notation-plugin:com.example.hsm?id=release&plugin-config=slot%3D1'))
 * ```
 */
export function parsePluginUri(uri: string): PluginUri {
  const shown = printable(uri)
  const invalid = (why: string) => new OcisignError('INVALID_KEY', `${shown} ${why}`, { id: shown })
  const [, name, query = ''] = /^notation-plugin:([^?#/]+)(?:\?([^#]*))?$/.exec(uri) ?? []
  if (name === undefined) throw invalid('is no key of a plugin; write notation-plugin:NAME?id=ID')
  const parameters = new URLSearchParams(query)
  const [id = '', ...others] = parameters.getAll('id')
  if (id === '' || others.length > 0) throw invalid('has to say which key, once: notation-plugin:NAME?id=ID')
  const config = new Map<string, string>()
  for (const [parameter, value] of parameters) {
    if (parameter === 'id') continue
    const [, key, text = ''] = /^([^=]+)=(.*)$/s.exec(value) ?? []
    if (parameter !== 'plugin-config' || key === undefined || config.has(key))
      throw invalid('may say id, and plugin-config=KEY%3DVALUE once for each key')
    config.set(key, text)
  }
  return { name, id, config: Object.fromEntries(config) }
}
