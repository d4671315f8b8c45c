// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { concatBytes, encodeBase64, encodeText } from '../../src/bytes.js'
import { encodePem, parseCertificateFile, parseCertificatesPem, parsePem } from '../../src/x509/pem.js'
import { codeOf } from './code.js'
import { bytes, extension, makeCertificate, makeChain, newEcKey } from './make.js'

const content = Uint8Array.from({ length: 100 }, (_, index) => index)
const block = encodePem('DATA', content)
const body = encodeBase64(content)

describe('blocks', () => {
  test('are read as they were written', () => {
    expect(parsePem(block)).toEqual([{ label: 'DATA', bytes: content }])
    expect(parsePem(encodeText(block))).toEqual([{ label: 'DATA', bytes: content }])
    expect(block.split('\n').every((line) => line.length <= 64)).toBe(true)
    for (const length of [0, 1, 47, 48, 49, 5000]) {
      const bytes = new Uint8Array(length).fill(7)
      expect(parsePem(encodePem('A B', bytes))).toEqual([{ label: 'A B', bytes }])
    }
  })

  test('may be several, with text around them, and lines of any length that end in any way', () => {
    const text = `subject=C = US\r\n${block}\nBag Attributes\n\tfriendlyName: -----\n${encodePem('OTHER', bytes(1))}trailer`
    expect(parsePem(text).map(({ label }) => label)).toEqual(['DATA', 'OTHER'])
    expect(parsePem(block.replaceAll('\n', '\r\n'))).toEqual(parsePem(block))
    expect(parsePem(block.replaceAll('\n', ' \t\n'))).toEqual(parsePem(block))
    expect(parsePem(block.trimEnd())).toEqual(parsePem(block))
    expect(parsePem(`-----BEGIN DATA-----\n${body}\n-----END DATA-----`)).toEqual(parsePem(block))
    expect(parsePem(`-----BEGIN DATA-----\n\n${body}\n\n-----END DATA-----`)).toEqual(parsePem(block))
    expect(parsePem(concatBytes(bytes(0xff, 0xe9, 0x0a), encodeText(block)))).toEqual(parsePem(block))
  })

  test('node:crypto reads what we write', () => {
    const [leaf] = makeChain()
    expect(new Uint8Array(new X509Certificate(encodePem('CERTIFICATE', leaf)).raw)).toEqual(leaf)
  })

  const inside = (text: string) => `-----BEGIN DATA-----\n${text}\n-----END DATA-----\n`
  test.each<[string, string]>([
    ['nothing', ''],
    ['text only', 'hello\n'],
    ['a body without an end', `-----BEGIN DATA-----\n${body}\n`],
    ['an end without a begin', `${body}\n-----END DATA-----\n`],
    ['an end of another label', `-----BEGIN DATA-----\n${body}\n-----END OTHER-----\n`],
    ['a block inside a block', inside(`-----BEGIN DATA-----\n${body}`)],
    ['a good block and a bad one', `${block}${inside('?')}`],
    ['a bad block and a good one', `${inside('?')}${block}`],
    ['a begin that does not start its line', ` ${block}`],
    ['a byte order mark', `\ufeff${block}`],
    ['an end that does not start its line', `-----BEGIN DATA-----\n${body}-----END DATA-----\n`],
    ['text after the begin', `-----BEGIN DATA-----x\n${body}\n-----END DATA-----\n`],
    ['text after the end', `-----BEGIN DATA-----\n${body}\n-----END DATA-----x\n`],
    ['four dashes', `-----BEGIN DATA----\n${body}\n-----END DATA-----\n`],
    ['six dashes', `------BEGIN DATA-----\n${body}\n-----END DATA-----\n`],
    ['no label', `-----BEGIN -----\n${body}\n-----END -----\n`],
    ['a label in lower case', `-----BEGIN data-----\n${body}\n-----END data-----\n`],
    ['a label with a control character', `-----BEGIN DA\u001bTA-----\n${body}\n-----END DA\u001bTA-----\n`],
    ['headers', inside(`Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n${body}`)],
    ['a character that is not base64', inside(`${body.slice(0, 8)}*${body.slice(9)}`)],
    ['the URL alphabet', inside('-_-_')],
    ['missing padding', inside('AQ')],
    ['spare bits', inside('AR==')],
    ['padding in the middle', inside('AQ==\nAQ==')],
    ['a space in a line', inside('AQ I=')],
    ['everything on one line', block.replaceAll('\n', '')],
    ['carriage returns only', block.replaceAll('\n', '\r')],
  ])('%s is refused', (_, text) => {
    expect(codeOf(() => parsePem(text))).toBe('INVALID_PEM')
    expect(codeOf(() => parsePem(encodeText(text)))).toBe('INVALID_PEM')
  })

  test('what is too long, or too clever, is refused quickly', () => {
    expect(codeOf(() => parsePem('\n'.repeat(1024 * 1024 + 1)))).toBe('INVALID_PEM')
    const started = performance.now()
    for (const line of ['-----BEGIN A-----\n', ' ', '-----', '-----BEGIN ', 'A', '\r', ' \t\n', '-----BEGIN A A'])
      expect(codeOf(() => parsePem(line.repeat(Math.floor(1_000_000 / line.length))))).toBe('INVALID_PEM')
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('certificates', () => {
  const chain = makeChain()
  const pem = chain.map((der) => encodePem('CERTIFICATE', der)).join('')

  test('in PEM, in the order of the file', () => {
    expect(parseCertificatesPem(pem).map(({ der }) => der)).toEqual(chain)
    expect(parseCertificateFile(encodeText(pem)).map(({ der }) => der)).toEqual(chain)
  })

  test('in DER, one or several', () => {
    expect(parseCertificateFile(chain[0]).map(({ der }) => der)).toEqual([chain[0]])
    expect(parseCertificateFile(concatBytes(...chain)).map(({ der }) => der)).toEqual(chain)
  })

  test.each<[string, Uint8Array, string]>([
    ['an empty file', bytes(), 'INVALID_PEM'],
    ['a file of text', encodeText('hello'), 'INVALID_PEM'],
    ['a key among certificates', encodeText(`${pem}${encodePem('PRIVATE KEY', bytes(1))}`), 'INVALID_PEM'],
    ['another label', encodeText(encodePem('X509 CERTIFICATE', chain[0])), 'INVALID_PEM'],
    ['a trusted certificate', encodeText(encodePem('TRUSTED CERTIFICATE', chain[0])), 'INVALID_PEM'],
    ['a block that is no certificate', encodeText(encodePem('CERTIFICATE', bytes(0x30, 0))), 'INVALID_DER'],
    ['two certificates in one block', encodeText(encodePem('CERTIFICATE', concatBytes(...chain))), 'INVALID_DER'],
    ['DER with a line feed after it', concatBytes(chain[0], bytes(0x0a)), 'INVALID_DER'],
    ['PEM after DER', concatBytes(chain[0], encodeText(`\n${pem}`)), 'INVALID_PEM'],
    [
      'UTF-16',
      Uint8Array.from([...`\ufeff${pem}`].flatMap((c) => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8])),
      'INVALID_PEM',
    ],
  ])('%s is refused', (_, file, code) => expect(codeOf(() => parseCertificateFile(file))).toBe(code))

  test('DER that hides PEM from one reader and not from another is refused', () => {
    const key = newEcKey()
    const der = makeCertificate(key, key, { extensions: [extension('1.2.3', false, encodeText(`\n${pem}`))] })
    expect(codeOf(() => parseCertificateFile(der))).toBe('INVALID_PEM')
  })
})
