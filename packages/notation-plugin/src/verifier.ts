// SPDX-License-Identifier: Apache-2.0
import {
  type AnyVerificationExtension,
  type CallOptions,
  type ExtensionAnswer,
  type ExtensionRequest,
  encodeBase64,
  formatName,
  OcisignError,
  type Outcome,
  parseCertificate,
  parseVerificationPlugin,
  printable,
  type ReplaceableCheck,
  verificationPluginAttributes,
} from '@ocisign/core'
import { unavailablePlugin, unsupportedPlugin } from './errors.js'
import { type OpenPlugin, openPlugin, type PluginOptions } from './plugin.js'
import { capabilityOf, parseVerifiedSignature } from './protocol.js'

const maxVerdictBytes = 1024 * 1024

/**
 * Opens an installed plugin as a verification extension (plugin-extensibility, signature verifier), for signatures that
 * name it. To name it here is to allow it: what a signature names and nobody opened is never looked for.
 *
 * Its metadata are read now; the plugin is asked about a signature only once the signature is good and its chain has
 * reached an anchor. It takes over the checks that it says it can do. A critical attribute that it does not name as
 * processed refuses the signature, and so does an answer that is not one for exactly the checks that were asked for.
 *
 * @throws INVALID_PLUGIN | UNSUPPORTED_PLUGIN where it verifies nothing | UNAVAILABLE_PLUGIN | MISUSE_OPTION
 *
 * @example
 * ```ts compile
 * import { openPluginExtension, pluginDirectory } from '@ocisign/notation-plugin'
 *
 * const directory = pluginDirectory('/home/me/.config/notation') // or of defaultConfigDirectory() of @ocisign/core/node
 * const extension = await openPluginExtension({ directory, name: 'com.example.verifier' })
 * console.log(extension.replaces) // give it to createNotaryVerifier, in `extensions`
 * ```
 */
export async function openPluginExtension(options: PluginOptions): Promise<AnyVerificationExtension> {
  const plugin = await openPlugin(options)
  const { name, metadata } = plugin
  const checks: readonly ReplaceableCheck[] = ['trustedIdentity', 'revocation']
  const replaces = checks.filter((check) => metadata.capabilities.includes(capabilityOf[check]))
  if (replaces.length === 0) throw unsupportedPlugin(name, 'verifies no signatures (SIGNATURE_VERIFIER.…)')
  return {
    name,
    version: metadata.version,
    replaces,
    verify: (request, callOptions) => askAboutSignature(plugin, request, callOptions),
  }
}

async function askAboutSignature(
  plugin: OpenPlugin,
  request: ExtensionRequest,
  { signal }: CallOptions = {},
): Promise<ExtensionAnswer<ReplaceableCheck>> {
  const { checks } = request
  const { attributes, payloadType, chain, mediaType } = request.envelope
  const extendedAttributes = readAttributes(plugin, request)
  const wanted = parseVerificationPlugin(attributes.extended, mediaType)
  const unprocessedAttributes = Object.keys(extendedAttributes)
  const { verificationResults, processedAttributes } = await plugin.ask(
    {
      command: 'verify-signature',
      request: {
        signature: {
          criticalAttributes: {
            contentType: payloadType,
            signingScheme: attributes.signingScheme,
            expiry: formatTime(attributes.expiry),
            authenticSigningTime: formatTime(attributes.authenticSigningTime),
            verificationPlugin: wanted?.name,
            verificationPluginMinVersion: wanted?.minimumVersion,
            extendedAttributes,
          },
          unprocessedAttributes,
          certificateChain: chain.map(encodeBase64),
        },
        trustPolicy: {
          trustedIdentities: request.trustedIdentities,
          signatureVerification: checks.map((check) => capabilityOf[check]),
        },
      },
      maxBytes: maxVerdictBytes,
      parse: parseVerifiedSignature,
    },
    { signal },
  )
  if (verificationResults.size !== checks.length)
    throw unavailablePlugin(plugin.name, 'did not answer for exactly the checks that it was asked for')
  const results = checks.map((check): [ReplaceableCheck, Outcome] => {
    const result = verificationResults.get(capabilityOf[check])
    if (!result) throw unavailablePlugin(plugin.name, `did not answer for ${capabilityOf[check]}`)
    return [check, result.success ? { status: 'passed' } : refusal(plugin, check, result.reason, request)]
  })
  return {
    results: Object.fromEntries(results),
    // What it was not asked about it cannot have dealt with.
    processedAttributes: processedAttributes.filter((name) => unprocessedAttributes.includes(name)),
  }
}

/** The critical attributes that only the plugin understands; the contract knows names and primitive values only. */
function readAttributes({ name }: OpenPlugin, { envelope }: ExtensionRequest): Readonly<Record<string, unknown>> {
  const entries = envelope.attributes.extended
    .filter(({ key, critical }) => critical && !verificationPluginAttributes.includes(String(key)))
    .map(({ key, value }): [string, unknown] => {
      const isPrimitive = value === null || Number.isFinite(value) || ['string', 'boolean'].includes(typeof value)
      if (typeof key === 'string' && isPrimitive) return [key, value]
      const shown = printable(String(key), 100)
      throw new OcisignError(
        'UNSUPPORTED_ATTRIBUTE',
        `the critical attribute ${shown} cannot be told to the plugin "${name}": only texts, numbers and null can`,
        { attributes: [shown] },
      )
    })
  return Object.fromEntries(entries)
}

const formatTime = (time: Date | undefined) => time?.toISOString().replace('.000Z', 'Z')

function refusal(
  { name }: OpenPlugin,
  check: ReplaceableCheck,
  said: string,
  { envelope, trustedIdentities }: ExtensionRequest,
): Outcome {
  const reason = printable(said, 300)
  const message = `the plugin "${name}" refuses ${check === 'revocation' ? 'the certificates' : 'the signer'}${reason && `: ${reason}`}`
  if (check === 'revocation')
    return { status: 'failed', error: new OcisignError('UNTRUSTED_PLUGIN', message, { plugin: name, check, reason }) }
  const subject = formatName(parseCertificate(envelope.chain[0]!).subject)
  return {
    status: 'failed',
    error: new OcisignError('UNTRUSTED_IDENTITY', message, { subject, trusted: trustedIdentities }),
  }
}
