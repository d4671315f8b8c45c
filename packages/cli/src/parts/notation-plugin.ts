// SPDX-License-Identifier: Apache-2.0
// Notation plugins: keys and signers, and what is in the plugin directory.
import type { EnvelopeFormat, SignatureManifestForm, Signer, SigningKey, X509Material } from '@ocisign/core'
import {
  keyUri,
  openPlugin,
  openPluginKey,
  openPluginSigner,
  type PluginOptions,
  pluginDirectory,
} from '@ocisign/notation-plugin'

export {
  installPlugin,
  isPluginName,
  listPlugins,
  openPlugin,
  pluginDirectory,
  uninstallPlugin,
  writePluginProject,
} from '@ocisign/notation-plugin'
export { parsePluginUri } from '@ocisign/notation-plugin/uri'

/** What a signature is to be like. */
export interface EnvelopeOptions {
  readonly format: EnvelopeFormat
  readonly expirySeconds: number | undefined
  readonly manifestForm: SignatureManifestForm | undefined
}

/** Somebody who makes whole envelopes. */
export interface EnvelopeSource {
  readonly id: string
  open(options: EnvelopeOptions): Promise<Signer>
}

/** What {@link openPluginSource} needs. */
export interface PluginSourceOptions extends Omit<PluginOptions, 'directory'> {
  /** Absolute. */
  readonly configDirectory: string
  readonly id: string
}

/** Opens a plugin's key; where the plugin makes whole envelopes and no bare signatures, what makes those. */
export async function openPluginSource({
  configDirectory,
  ...given
}: PluginSourceOptions): Promise<{ readonly key: SigningKey<X509Material> } | EnvelopeSource> {
  const options = { ...given, directory: pluginDirectory(configDirectory) }
  const { metadata } = await openPlugin(options)
  const makesEnvelopes = metadata.capabilities.some((each) => each.startsWith('SIGNATURE_GENERATOR.ENVELOPE'))
  // As Notation chooses; of one that does neither, opening a key says so.
  if (!makesEnvelopes || metadata.capabilities.includes('SIGNATURE_GENERATOR.RAW'))
    return { key: await openPluginKey(options) }
  return {
    id: keyUri(options.name, options.id),
    open: (envelope) => openPluginSigner({ ...options, ...envelope }),
  }
}
