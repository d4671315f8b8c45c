// SPDX-License-Identifier: Apache-2.0
import { compareVersions, isVersion } from '@ocisign/notation-plugin'
import { describe, expect, test } from 'vitest'

// The order of semver.org, section 11, and around it.
const ordered = [
  '0.0.0',
  '0.0.1',
  '0.9.0',
  '0.10.0',
  '1.0.0-0',
  '1.0.0-2',
  '1.0.0-10',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0-rc.9007199254740992',
  '1.0.0-rc.9007199254740993',
  '1.0.0',
  '1.0.1',
  '1.9007199254740992.0',
  '1.9007199254740993.0',
  '2.0.0-0',
]

describe('G5: semantic versions', () => {
  test('are ordered as semver.org has them', () => {
    for (const [i, a] of ordered.entries())
      for (const [j, b] of ordered.entries()) expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(i - j))
  })

  test('do not differ by what they were built from', () => {
    expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(0)
  })

  const others = [
    '',
    '1',
    '1.0',
    'v1.0.0',
    '1.0.0.0',
    '01.0.0',
    '1.0.0-',
    '1.0.0-01',
    '1.0.0-a..b',
    '1.0.0+',
    ' 1.0.0',
    '1.0.0\n',
  ]
  test.each([...others, `1.0.0-${'a'.repeat(100)}`, '1.0.0-ä', '-1.0.0', '1.0.0-a_b'])('%j is none', (version) => {
    expect(isVersion(version)).toBe(false)
    expect(compareVersions(version, '1.0.0')).toBeNaN()
    expect(compareVersions('1.0.0', version)).toBeNaN()
  })
})
