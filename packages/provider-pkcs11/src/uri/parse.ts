// SPDX-License-Identifier: Apache-2.0
import { OcisignError } from '@ocisign/core'

/** The parts of a PKCS#11 URI (RFC 7512) that say which key, on which token, by which module. */
export interface Pkcs11Uri {
  readonly token?: string | undefined
  readonly serial?: string | undefined
  readonly manufacturer?: string | undefined
  readonly model?: string | undefined
  readonly label?: string | undefined
  readonly id?: Uint8Array | undefined
  readonly modulePath?: string | undefined
  readonly pinSource?: string | undefined
  readonly pinValue?: string | undefined
}

const pathNames = ['token', 'serial', 'manufacturer', 'model', 'object', 'id', 'type']
const queryNames = ['module-path', 'pin-source', 'pin-value']
const maxLength = 4096

/** Reads `pkcs11:token=…;object=…?module-path=…`; what it does not know is refused. @throws INVALID_KEY, without the URI, which may hold a PIN */
export function parsePkcs11Uri(uri: string): Pkcs11Uri {
  const invalid = (why: string) =>
    new OcisignError('INVALID_KEY', `the PKCS#11 URI ${why}; write pkcs11:token=LABEL;object=KEY?module-path=FILE`, {
      id: 'pkcs11:',
    })
  if (!uri.startsWith('pkcs11:') || uri.length > maxLength) throw invalid('is none')
  const [path = '', query, ...more] = uri.slice('pkcs11:'.length).split('?')
  if (more.length > 0) throw invalid('has two question marks')
  const read = (text: string, separator: string, known: readonly string[]) => {
    const found = new Map<string, Uint8Array>()
    for (const part of text === '' ? [] : text.split(separator)) {
      const equals = part.indexOf('=')
      const name = part.slice(0, Math.max(equals, 0))
      if (!known.includes(name)) throw invalid(`has a part that is not known: it knows ${known.join(', ')}`)
      if (found.has(name)) throw invalid(`says ${name} twice`)
      found.set(
        name,
        decodePercent(part.slice(equals + 1), () => invalid(`has a ${name} that is not well-formed`)),
      )
    }
    return found
  }
  const inPath = read(path, ';', pathNames)
  const inQuery = read(query ?? '', '&', queryNames)
  const textOf = (values: ReadonlyMap<string, Uint8Array>, name: string) => {
    const bytes = values.get(name)
    try {
      return bytes && new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      throw invalid(`has a ${name} that is not UTF-8`)
    }
  }
  const type = textOf(inPath, 'type')
  if (type !== undefined && type !== 'private') throw invalid('names something else than a private key')
  if (!inPath.has('object') && !inPath.has('id')) throw invalid('names no key: it needs object or id')
  if (inQuery.has('pin-source') && inQuery.has('pin-value')) throw invalid('has two PINs')
  return {
    token: textOf(inPath, 'token'),
    serial: textOf(inPath, 'serial'),
    manufacturer: textOf(inPath, 'manufacturer'),
    model: textOf(inPath, 'model'),
    label: textOf(inPath, 'object'),
    id: inPath.get('id'),
    modulePath: textOf(inQuery, 'module-path'),
    pinSource: textOf(inQuery, 'pin-source'),
    pinValue: textOf(inQuery, 'pin-value'),
  }
}

function decodePercent(text: string, invalid: () => OcisignError): Uint8Array {
  if (!/^(?:[!-$&-~]|%[0-9A-Fa-f]{2})*$/.test(text)) throw invalid()
  return Uint8Array.from(text.match(/%..|./g) ?? [], (each) =>
    each.length === 3 ? Number.parseInt(each.slice(1), 16) : each.charCodeAt(0),
  )
}
