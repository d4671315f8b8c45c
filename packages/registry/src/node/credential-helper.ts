// SPDX-License-Identifier: Apache-2.0
// Programs that keep credentials for Docker and others: docker-credential-NAME, told what to do by one word and by what
// stands on their input.
import process from 'node:process'
import {
  type CallOptions,
  decodeText,
  encodeText,
  type JsonObject,
  OcisignError,
  parseJsonObject,
  printable,
} from '@ocisign/core'
import type { Credential } from '../auth/types.js'
import { findProgram } from './find-program.js'
import { type ProgramResult, runProgram } from './run-program.js'

/** How helpers are found and run. */
export interface HelperOptions extends CallOptions {
  /** Handed to the helper; the PATH it is found on is in it. This process's by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** As `process.platform` names it. */
  readonly platform?: string
  /** How long a helper may take, 60,000 by default: it may have to ask a person. */
  readonly helperMilliseconds?: number | undefined
}

const bounds = { outputBytes: 1024 * 1024, complaintBytes: 4096, milliseconds: 60_000, shownCharacters: 300 }
const helperName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
/** The name that stands for an identity token. */
const tokenUsername = '<token>'
/** The words of helpers that know of nothing; there is no other sign. */
const notFound = /credentials? not found|could not be found/i

type Word = 'get' | 'store' | 'erase' | 'list'

/** Asks a helper for the credential of a server; undefined where it has none. @throws UNAVAILABLE_CREDENTIALS */
export async function getFromHelper(
  name: string,
  server: string,
  options: HelperOptions = {},
): Promise<Credential | undefined> {
  const result = await run(name, 'get', server, encodeText(server), options)
  if (!result) return undefined
  const { Username, Secret } = parseOutput(result, name, server)
  if (typeof Username !== 'string' || typeof Secret !== 'string')
    throw failed(name, server, 'gave no user name with a secret')
  if (Username === '' && Secret === '') return undefined
  return Username === tokenUsername ? { identityToken: Secret } : { username: Username, password: Secret }
}

/**
 * Gives a helper a credential to keep.
 * @throws UNAVAILABLE_CREDENTIALS; MISUSE_OPTION for a registry token, which helpers have no word for
 */
export async function storeInHelper(
  name: string,
  server: string,
  credential: Credential,
  options: HelperOptions = {},
): Promise<void> {
  if ('registryToken' in credential)
    throw new OcisignError('MISUSE_OPTION', `a credential helper cannot keep a registry token`, {
      option: 'credential',
    })
  const [Username, Secret] =
    'identityToken' in credential
      ? [tokenUsername, credential.identityToken]
      : [credential.username, credential.password]
  const input = encodeText(JSON.stringify({ ServerURL: server, Username, Secret }))
  if (!(await run(name, 'store', server, input, options, Secret)))
    throw failed(name, server, 'says that it was not found')
}

/** Lets a helper forget a server; false where it knew of none. @throws UNAVAILABLE_CREDENTIALS */
export async function eraseFromHelper(name: string, server: string, options: HelperOptions = {}): Promise<boolean> {
  return (await run(name, 'erase', server, encodeText(server), options)) !== undefined
}

/** The servers that a helper knows, with the user names. @throws UNAVAILABLE_CREDENTIALS */
export async function listHelper(name: string, options: HelperOptions = {}): Promise<ReadonlyMap<string, string>> {
  const result = await run(name, 'list', '*', encodeText(''), options)
  const servers = result ? Object.entries(parseOutput(result, name, '*')) : []
  return new Map(servers.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** Undefined where the helper says that there is no such credential. */
async function run(
  name: string,
  word: Word,
  server: string,
  input: Uint8Array,
  options: HelperOptions,
  secret?: string,
): Promise<ProgramResult | undefined> {
  const { env = process.env, platform = process.platform, helperMilliseconds = bounds.milliseconds, signal } = options
  if (!helperName.test(name)) throw failed(name, server, 'has a name that no helper can have')
  const program = `docker-credential-${name}`
  const command = await findProgram(program, word, { env, platform })
  if (!command) throw failed(name, server, `is not installed: there is no ${program} on the PATH`)
  const result = await runProgram({
    ...command,
    env,
    input,
    outputBytes: bounds.outputBytes,
    complaintBytes: bounds.complaintBytes,
    milliseconds: helperMilliseconds,
    signal,
  })
  if (result.ended === 'by itself' && result.status === 0) return result
  const said = complaintOf(result, secret)
  if (word !== 'store' && result.ended === 'by itself' && notFound.test(said)) return undefined
  const how: Readonly<Record<ProgramResult['ended'], string>> = {
    'by itself': `ended with status ${result.status}`,
    'by a signal': 'was killed',
    'too slow': `took more than ${helperMilliseconds} milliseconds`,
    'too much': `wrote more than ${bounds.outputBytes} bytes`,
    'not started': 'could not be started',
  }
  const why = said === '' ? how[result.ended] : `${how[result.ended]}: ${said}`
  throw failed(name, server, why, result.ended === 'too slow', result.cause)
}

/** What a helper says went wrong: on its output, by the protocol, or else on its error output. Never a secret. */
function complaintOf({ output, complaints }: ProgramResult, secret: string | undefined): string {
  const texts = [output, complaints].map((bytes) => decodeLoosely(bytes.subarray(0, bounds.complaintBytes)).trim())
  const text = texts.find((each) => each !== '' && !/^[{[]|"?Secret/.test(each)) ?? ''
  const clean = secret === undefined || secret === '' ? text : text.replaceAll(secret, '…')
  return printable(clean.replace(/\s+/g, ' '), bounds.shownCharacters)
}

const decodeLoosely = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

function parseOutput({ output }: ProgramResult, name: string, server: string): JsonObject {
  try {
    return parseJsonObject(decodeText(output).trim(), { what: 'the answer' })
  } catch {
    // Without the cause: it might quote what it read.
    throw failed(name, server, 'answered in no form that is known')
  }
}

function failed(name: string, server: string, why: string, retryable = false, cause?: unknown): OcisignError {
  const [helper, host] = [printable(name, 100), printable(server)]
  const message = `the credential helper "${helper}", asked about ${host}, ${why}`
  return new OcisignError(
    'UNAVAILABLE_CREDENTIALS',
    message,
    { host, helper, retryable },
    cause === undefined ? undefined : { cause },
  )
}
