// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, verify } from 'node:crypto'
import { inspect } from 'node:util'
import { signingKeyCases } from '@ocisign/conformance'
import { decodeBase64Url, encodeBase64Url, encodeHex, encodeText } from '@ocisign/core'
import { createDeterministicKey, type EcPrivateJwk } from '@ocisign/provider-local/portable'
import { describe, expect, test } from 'vitest'

const base64url = (hex: string) => encodeBase64Url(new Uint8Array(Buffer.from(hex, 'hex')))

/** RFC 6979, appendices A.2.5 to A.2.7: the rows of each curve with the hash that the Notary Project uses on it. */
const vectors = [
  {
    crv: 'P-256',
    d: 'C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721',
    x: '60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6',
    y: '7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299',
    sample:
      'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
    test: 'F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083',
  },
  {
    crv: 'P-384',
    d: '6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5',
    x: 'EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13',
    y: '8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720',
    sample:
      '94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE4699EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8',
    test: '8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DBDDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5',
  },
  {
    crv: 'P-521',
    d: '00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538',
    x: '01894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD371123D46E45DB6B5D5370A7F20FB633155D38FFA16D2BD761DCAC474B9A2F5023A4',
    y: '00493101C962CD4D2FDDF782285E64584139C2F91B47F87FF82354D6630F746A28A0DB25741B5B34A828008B22ACC23F924FAAFBD4D33F81EA66956DFEAA2BFDFCF5',
    sample:
      '00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A',
    test: '013E99020ABF5CEE7525D16B69B229652AB6BDF2AFFCAEF38773B4B7D08725F10CDB93482FDCC54EDCEE91ECA4166B2A7C6265EF0CE2BD7051B7CEF945BABD47EE6D01FBD0013C674AA79CB39849527916CE301C66EA7CE8B80682786AD60F98F7E78A19CA69EFF5C57400E3B3A0AD66CE0978214D13BAF4E9AC60752F7B155E2DE4DCE3',
  },
]
const jwkOf = ({ crv, d }: { readonly crv: string; readonly d: string }): EcPrivateJwk => ({
  kty: 'EC',
  crv,
  d: base64url(d),
})

describe.each(vectors)('RFC 6979 on $crv', (vector) => {
  const key = createDeterministicKey({ ...jwkOf(vector), x: base64url(vector.x), y: base64url(vector.y) })

  test.each(['sample', 'test'] as const)('%s is signed as the RFC says', async (message) => {
    const { signature } = await key.sign(encodeText(message))
    expect(encodeHex(signature)).toBe(vector[message].toLowerCase())
  })

  test('the material is the public key', async () => {
    const { material } = await key.sign(new Uint8Array())
    expect(encodeHex(material.spki)).toMatch(new RegExp(`04${vector.x}${vector.y}$`, 'i'))
  })

  const secrets = [vector.d, decodeBase64Url(base64url(vector.d))]
  const create = async () => createDeterministicKey(jwkOf(vector))
  for (const { name, run } of signingKeyCases({ create, secrets, inspect, longestMessage: 100_000, concurrency: 10 }))
    test(name, run)
})

test('some signatures have a large s, as RFC 6979 has it, and node:crypto takes them', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = createDeterministicKey(privateKey.export({ format: 'jwk' }) as EcPrivateJwk)
  let large = 0
  for (let count = 0; count < 40; count++) {
    const message = Uint8Array.of(count)
    const { signature } = await key.sign(message)
    expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
    if (signature[32]! >= 0x80) large++
  }
  // All small has a chance of 1 in 10^12.
  expect(large).toBeGreaterThan(0)
})

const [first] = vectors
const good = jwkOf(first!)
const order = 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551'

test.each<[string, EcPrivateJwk]>([
  ['no number', { kty: 'EC', crv: 'P-256' }],
  ['a short number', { ...good, d: base64url('01') }],
  ['a long number', { ...good, d: base64url(`00${first!.d}`) }],
  ['a number that is not base64url', { ...good, d: `${good.d}=` }],
  ['zero', { ...good, d: base64url('00'.repeat(32)) }],
  ['the order of the curve', { ...good, d: base64url(order) }],
  ['more than the order of the curve', { ...good, d: base64url('FF'.repeat(32)) }],
  ['another x', { ...good, x: base64url(first!.y) }],
  ['another y', { ...good, y: base64url(first!.x) }],
  ['half an x', { ...good, x: base64url(first!.x.slice(2)) }],
])('a key with %s is refused, and its number is not shown', (_, jwk) => {
  const thrown = (() => {
    try {
      return createDeterministicKey(jwk, { id: 'mine' })
    } catch (error) {
      return error
    }
  })()
  expect(thrown).toMatchObject({ code: 'INVALID_KEY', details: { id: 'mine' } })
  if (jwk.d) expect(inspect(thrown, { showHidden: true, depth: 10 })).not.toContain(jwk.d)
})

test.each<EcPrivateJwk>([
  {},
  { kty: 'RSA', crv: 'P-256', d: good.d },
  { kty: 'OKP', crv: 'Ed25519', d: good.d },
  { kty: 'EC', crv: 'secp256k1', d: good.d },
  { kty: 'EC', crv: 'constructor', d: good.d },
])('%o is not supported', (jwk) => {
  expect(() => createDeterministicKey(jwk)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_KEY' }))
})
