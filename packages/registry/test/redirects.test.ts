// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { isRedirect, nextAddress } from '../src/redirects.js'

const from = new URL('https://registry.example/v2/a/blobs/x')
const go = (
  location: string | null,
  more: {
    method?: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH'
    status?: number
    sameOrigin?: boolean
    visited?: string[]
    from?: URL
  } = {},
) =>
  nextAddress(
    { method: more.method ?? 'GET', what: 'read', sameOrigin: more.sameOrigin },
    { status: more.status ?? 307, location, from: more.from ?? from },
    more.visited ?? [from.href],
    5,
  ).href
const refused = expect.objectContaining({ code: 'UNAVAILABLE_REDIRECT' })

test('which answers are redirects', () => {
  expect([200, 300, 301, 302, 303, 304, 305, 307, 308, 404].filter(isRedirect)).toEqual([301, 302, 303, 307, 308])
})

test.each([
  ['https://storage.example/x?sig=a%2Fb#part', 'https://storage.example/x?sig=a%2Fb'],
  ['/elsewhere', 'https://registry.example/elsewhere'],
  ['?again', 'https://registry.example/v2/a/blobs/x?again'],
  ['//storage.example/x', 'https://storage.example/x'],
])('reading goes to %s', (location, next) => {
  for (const status of [301, 302, 303, 307, 308]) expect(go(location, { status })).toBe(next)
})

test.each([
  null,
  '',
  'https://',
  'http://registry.example/x',
  'http://storage.example/',
  'ftp://a/b',
  'file:///etc/passwd',
  'data:,x',
  'https://me:secret@storage.example/',
  `/${'x'.repeat(9000)}`,
])('nothing goes to %s', (location) => {
  expect(() => go(location)).toThrow(refused)
})

test('plain http may lead to plain http and to https', () => {
  const plain = new URL('http://localhost:5000/v2/')
  expect(go('http://localhost:5001/x', { from: plain })).toBe('http://localhost:5001/x')
  expect(go('https://localhost:5001/x', { from: plain })).toBe('https://localhost:5001/x')
})

test('circles and long ways are not followed', () => {
  expect(() => go(from.href)).toThrow(refused)
  expect(() => go('https://b.example/', { visited: ['https://b.example/', from.href] })).toThrow(refused)
  const visited = [1, 2, 3, 4, 5].map((each) => `https://${each}.example/`)
  expect(go('https://6.example/', { visited })).toBe('https://6.example/')
  expect(() => go('https://7.example/', { visited: [...visited, 'https://6.example/'] })).toThrow(refused)
})

test('what is written follows only where the method stays', () => {
  for (const method of ['PUT', 'PATCH', 'POST', 'DELETE'] as const)
    for (const status of [301, 302, 303]) expect(() => go('/x', { method, status })).toThrow(refused)
  for (const method of ['PUT', 'PATCH'] as const)
    expect(go('https://storage.example/x', { method })).toBe('https://storage.example/x')
  for (const method of ['POST', 'DELETE'] as const) {
    expect(go('/x', { method, status: 308 })).toBe('https://registry.example/x')
    expect(() => go('https://storage.example/x', { method })).toThrow(refused)
  }
})

test('a secret stays where it is', () => {
  expect(go('/x', { sameOrigin: true })).toBe('https://registry.example/x')
  expect(() => go('https://registry.example:8443/x', { sameOrigin: true })).toThrow(refused)
})
