// SPDX-License-Identifier: Apache-2.0
// The rules of the signature specification, certificate requirements, one by one.
import { describe, expect, test } from 'vitest'
import { isOcisignError } from '../../src/errors.js'
import { parseCertificate } from '../../src/x509/certificate.js'
import { oids } from '../../src/x509/oid.js'
import { algorithmOfLeaf, validateCodeSigningChain } from '../../src/x509/profile.js'
import { codeOf } from './code.js'
import {
  basicConstraints,
  bytes,
  type ChainParts,
  commonName,
  extendedKeyUsage,
  extension,
  integer,
  keyUsage,
  leafExtensions,
  makeCertificate,
  makeChain,
  newEcKey,
  newEdKey,
  newRsaKey,
  sequence,
} from './make.js'

const rsa1024 = newRsaKey(1024)
const rsa2048 = newRsaKey(2048)
const authority = [basicConstraints(true), keyUsage([5])]

/** The place that the error names, or that there is none. */
function judge(chain: readonly Uint8Array[]): number | 'valid' {
  try {
    validateCodeSigningChain(chain.map(parseCertificate))
    return 'valid'
  } catch (error) {
    if (!isOcisignError(error, 'INVALID_CERTIFICATE_CHAIN')) throw error
    return error.details.position!
  }
}
const judgeParts = (parts: ChainParts) => judge(makeChain(parts))

describe('a leaf', () => {
  const leafWith = (...extensions: Uint8Array[]) => judgeParts({ leaf: { extensions } })

  test.each<[string, Uint8Array[]]>([
    ['keyUsage only', [keyUsage([0])]],
    ['contentCommitment as well', [keyUsage([0, 1])]],
    ['CA=FALSE', [keyUsage([0]), basicConstraints(false)]],
    ['CA=FALSE, not critical', [keyUsage([0]), basicConstraints(false, undefined, false)]],
    ['CA=FALSE with a path length', [keyUsage([0]), basicConstraints(false, 0)]],
    ['codeSigning', [keyUsage([0]), extendedKeyUsage([oids.codeSigning])]],
    ['codeSigning, critical', [keyUsage([0]), extendedKeyUsage([oids.codeSigning], true)]],
    ['an unknown purpose', [keyUsage([0]), extendedKeyUsage(['1.2.3'])]],
    ['other extensions', [keyUsage([0]), extension('1.2.3', false, bytes())]],
    [
      'other extensions that are critical: they are not to be honoured',
      [keyUsage([0]), extension('1.2.3', true, bytes())],
    ],
  ])('with %s is valid', (_, extensions) => expect(leafWith(...extensions)).toBe('valid'))

  test.each<[string, Uint8Array[]]>([
    ['no extensions', []],
    ['no keyUsage', [basicConstraints(false)]],
    ['a keyUsage that is not critical', [keyUsage([0], false)]],
    ['no digitalSignature', [keyUsage([1])]],
    ['keyEncipherment', [keyUsage([0, 2])]],
    ['dataEncipherment', [keyUsage([0, 3])]],
    ['keyAgreement', [keyUsage([0, 4])]],
    ['keyCertSign', [keyUsage([0, 5])]],
    ['cRLSign', [keyUsage([0, 6])]],
    ['encipherOnly', [keyUsage([0, 7])]],
    ['decipherOnly', [keyUsage([0, 8])]],
    ['CA=TRUE', [keyUsage([0]), basicConstraints(true)]],
    ['CA=TRUE, not critical', [keyUsage([0]), basicConstraints(true, undefined, false)]],
    ...(
      ['anyExtendedKeyUsage', 'serverAuth', 'clientAuth', 'emailProtection', 'timeStamping', 'ocspSigning'] as const
    ).flatMap((purpose): [string, Uint8Array[]][] => [
      [purpose, [keyUsage([0]), extendedKeyUsage([oids[purpose]])]],
      [`codeSigning and ${purpose}`, [keyUsage([0]), extendedKeyUsage([oids.codeSigning, oids[purpose]])]],
    ]),
  ])('with %s is refused', (_, extensions) => expect(leafWith(...extensions)).toBe(0))

  test('has one of six keys', () => {
    for (const leafKey of [newEcKey('P-256'), newEcKey('P-384'), newEcKey('P-521'), rsa2048])
      expect(judgeParts({ leafKey })).toBe('valid')
    for (const leafKey of [rsa1024, newRsaKey(2040), newRsaKey(2052), newEdKey(), newEcKey('P-224')])
      expect(judgeParts({ leafKey })).toBe(0)
  })
})

describe('an authority', () => {
  for (const [position, name] of [
    [1, 'intermediate'],
    [2, 'root'],
  ] as const) {
    const judgeExtensions = (...extensions: Uint8Array[]) => judgeParts({ [name]: { extensions } })

    test(`${name}: what is needed, and more, is valid`, () => {
      expect(judgeExtensions(...authority)).toBe('valid')
      expect(judgeExtensions(basicConstraints(true), keyUsage([0, 5, 6]))).toBe('valid')
      expect(judgeExtensions(...authority, extendedKeyUsage([oids.serverAuth]))).toBe('valid')
      expect(
        judgeExtensions(
          ...authority,
          extension(oids.nameConstraints, true, bytes(0x30, 0x08, 0xa0, 0x06, 0x30, 0x04, 0x82, 0x02, 0x61, 0x62)),
        ),
      ).toBe('valid')
    })

    test.each<[string, Uint8Array[]]>([
      ['no extensions', []],
      ['no basicConstraints', [keyUsage([5])]],
      ['CA=FALSE', [basicConstraints(false), keyUsage([5])]],
      ['basicConstraints not critical', [basicConstraints(true, undefined, false), keyUsage([5])]],
      ['no keyUsage', [basicConstraints(true)]],
      ['keyUsage not critical', [basicConstraints(true), keyUsage([5], false)]],
      ['no keyCertSign', [basicConstraints(true), keyUsage([0, 6])]],
    ])(`${name}: %s is refused`, (_, extensions) => expect(judgeExtensions(...extensions)).toBe(position))

    test(`${name}: a key that is too small, or of another kind, is refused`, () => {
      for (const key of [rsa1024, newEdKey(), newEcKey('P-224')])
        expect(judgeParts({ [`${name}Key`]: key })).not.toBe('valid')
      for (const key of [rsa2048, newRsaKey(2052), newEcKey('P-521')])
        expect(judgeParts({ [`${name}Key`]: key })).toBe('valid')
      expect(judge(makeChain({ [`${name}Key`]: rsa1024 }))).toBe(position)
    })
  }

  test('a path length counts the authorities below', () => {
    const root = (pathLength: number) =>
      judgeParts({ root: { extensions: [basicConstraints(true, pathLength), keyUsage([5])] } })
    expect(root(0)).toBe(2)
    expect(root(1)).toBe('valid')
    expect(root(100)).toBe('valid')
    expect(judgeParts({ intermediate: { extensions: [basicConstraints(true, 0), keyUsage([5])] } })).toBe('valid')
  })
})

describe('a chain', () => {
  const [leaf, intermediate, root] = makeChain()

  test('is in order, complete, and nothing else', () => {
    expect(judge([leaf, intermediate, root])).toBe('valid')
    expect(judge([intermediate, leaf, root])).toBe(0)
    expect(judge([root, intermediate, leaf])).toBe(0)
    expect(judge([leaf, root, intermediate])).toBe(0)
    expect(judge([leaf, root])).toBe(0)
    expect(judge([leaf, intermediate])).toBe(1)
    expect(judge([leaf])).toBe(0)
    expect(judge([root])).toBe(0)
    expect(judge([leaf, leaf, intermediate, root])).toBe(0)
    expect(judge([leaf, intermediate, root, root])).toBe(2)
    expect(judge([leaf, intermediate, intermediate, root])).toBe(1)
  })

  test('has 1 to 10 certificates', () => {
    const noPosition = (chain: readonly Uint8Array[]) =>
      expect(codeOf(() => validateCodeSigningChain(chain.map(parseCertificate)))).toBe('INVALID_CERTIFICATE_CHAIN')
    noPosition([])
    const key = newEcKey()
    const long = (count: number) => [
      leaf,
      ...Array.from({ length: count - 2 }, (_, index) =>
        makeCertificate(newEcKey(), key, {
          issuer: commonName(`${index + 1}`),
          subject: index === 0 ? commonName('Intermediate') : commonName(`${index}`),
          extensions: authority,
        }),
      ),
      makeCertificate(key, key, {
        issuer: commonName(`${count - 2}`),
        subject: commonName(`${count - 2}`),
        extensions: authority,
      }),
    ]
    expect(judge(long(10))).toBe('valid')
    noPosition(long(11))
  })

  test('may be a single self-issued certificate that is no authority', () => {
    const key = newEcKey()
    const single = (...extensions: Uint8Array[]) => judge([makeCertificate(key, key, { extensions })])
    expect(single(...leafExtensions)).toBe('valid')
    expect(single(...leafExtensions, basicConstraints(true))).toBe(0)
    expect(single(basicConstraints(false))).toBe(0)
  })

  test('may go through an authority that certified its own new key, but not through a second root', () => {
    const [oldKey, newKey] = [newEcKey(), newEcKey()]
    const name = { issuer: commonName('CA'), subject: commonName('CA'), extensions: authority }
    const signer = makeCertificate(newEcKey(), newKey, { issuer: commonName('CA'), extensions: leafExtensions })
    const rollover = makeCertificate(newKey, oldKey, name)
    const oldRoot = makeCertificate(oldKey, oldKey, name)
    const newRoot = makeCertificate(newKey, newKey, name)
    expect(judge([signer, rollover, oldRoot])).toBe('valid')
    expect(judge([signer, newRoot])).toBe('valid')
    expect(judge([signer, newRoot, newRoot])).toBe(1)
  })

  test('has no signature by a weak hash, not even the root’s own', () => {
    for (const hash of ['sha1', 'md5'] as const)
      for (const [position, name] of (['leaf', 'intermediate', 'root'] as const).entries())
        expect(judgeParts({ [name]: { hash }, intermediateKey: rsa2048, rootKey: rsa2048 })).toBe(position)
  })

  test('need not be nested in time', () => {
    expect(
      judgeParts({ leaf: { serialNumber: integer(7), notBefore: integerTime('1999'), notAfter: integerTime('2098') } }),
    ).toBe('valid')
  })
})

function integerTime(year: string): Uint8Array {
  return Uint8Array.from([0x18, 15, ...new TextEncoder().encode(`${year}0101000000Z`)])
}

describe('the algorithm of a leaf', () => {
  const algorithm = (leafKey: Parameters<typeof makeCertificate>[0]) =>
    algorithmOfLeaf(parseCertificate(makeChain({ leafKey })[0]))

  test('follows from its key', () => {
    expect(algorithm(newEcKey('P-256'))).toEqual({ scheme: 'ECDSA', hash: 'sha256', keyBits: 256 })
    expect(algorithm(newEcKey('P-384'))).toEqual({ scheme: 'ECDSA', hash: 'sha384', keyBits: 384 })
    expect(algorithm(newEcKey('P-521'))).toEqual({ scheme: 'ECDSA', hash: 'sha512', keyBits: 521 })
    expect(algorithm(rsa2048)).toEqual({ scheme: 'RSASSA-PSS', hash: 'sha256', keyBits: 2048 })
    expect(algorithm(newRsaKey(3072))).toEqual({ scheme: 'RSASSA-PSS', hash: 'sha384', keyBits: 3072 })
  })

  test('is unknown for any other key', () => {
    for (const key of [rsa1024, newRsaKey(2050), newEdKey()])
      expect(codeOf(() => algorithm(key))).toBe('UNSUPPORTED_KEY')
  })
})

test('messages name the certificate, printably', () => {
  const evil = sequence(commonName('x').subarray(2), commonName('\u001b[2J\n').subarray(2))
  try {
    validateCodeSigningChain(makeChain({ leaf: { subject: evil, extensions: [] } }).map(parseCertificate))
    expect.unreachable()
  } catch (error) {
    expect(isOcisignError(error, 'INVALID_CERTIFICATE_CHAIN')).toBe(true)
    const { message } = error as Error
    expect(message).toContain('certificate 1 of the chain')
    expect(message).toContain('keyUsage')
    expect(message).not.toMatch(/\p{Cc}/u)
  }
})
