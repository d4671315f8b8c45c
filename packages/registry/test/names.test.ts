// SPDX-License-Identifier: Apache-2.0
import { createRegistry, parseImageReference } from '@ocisign/registry'
import { expect, test } from 'vitest'
import { parseRepositoryName } from '../src/names.js'

const digest = `sha256:${'a'.repeat(64)}`

test.each([
  ['alpine', 'docker.io/library/alpine', 'latest'],
  ['alpine:3.20', 'docker.io/library/alpine', '3.20'],
  ['org/app', 'docker.io/org/app', 'latest'],
  ['org/app/part:v1', 'docker.io/org/app/part', 'v1'],
  ['docker.io/alpine', 'docker.io/library/alpine', 'latest'],
  ['docker.io/org/app:v1', 'docker.io/org/app', 'v1'],
  ['index.docker.io/alpine', 'docker.io/library/alpine', 'latest'],
  ['Docker.IO/alpine', 'docker.io/library/alpine', 'latest'],
  ['docker.io/library/alpine', 'docker.io/library/alpine', 'latest'],
  ['registry-1.docker.io/library/alpine', 'registry-1.docker.io/library/alpine', 'latest'],
  ['localhost/app', 'localhost/app', 'latest'],
  ['localhost:5000/app:v1', 'localhost:5000/app', 'v1'],
  ['registry:5000/app', 'registry:5000/app', 'latest'],
  ['[::1]:5000/app:v1', '[::1]:5000/app', 'v1'],
  ['[2001:db8::1]/org/app', '[2001:db8::1]/org/app', 'latest'],
  ['ghcr.io/org/app', 'ghcr.io/org/app', 'latest'],
  ['GHCR.io/org/app:V1', 'ghcr.io/org/app', 'V1'],
  ['10.0.0.1/app', '10.0.0.1/app', 'latest'],
])('%s is %s with the tag %s', (text, repository, tag) => {
  expect(parseImageReference(text)).toEqual({ repository, tag })
  expect(parseRepositoryName(repository).repository).toBe(repository)
})

test('a digest implies no tag, and stays beside one', () => {
  expect(parseImageReference(`alpine@${digest}`)).toEqual({ repository: 'docker.io/library/alpine', digest })
  const both = { repository: 'docker.io/library/alpine', tag: '3', digest }
  expect(parseImageReference(`alpine:3@${digest}`)).toEqual(both)
})

test.each([
  '',
  ':',
  '/',
  'Alpine',
  'Foo/bar',
  'org/App',
  'ghcr.io/',
  'ghcr.io//app',
  'ghcr.io/../app',
  'ghcr.io/org/%2e%2e/app',
  'ghcr.io/app?x=1',
  'ghcr.io/app#x',
  'ghcr.io/app:v1\r\nX-Injected: 1',
  'ghcr.io/app:v1\n',
  'ghcr.io\r\n/app',
  'ghcr.io/app:',
  'ghcr.io/app:-v',
  `ghcr.io/app:${'a'.repeat(129)}`,
  'https://ghcr.io/app',
  'user:password%40ghcr.io/app',
  'ghcr.io:99999/app',
  'ghcr.io:port/app',
  'ghcr.io:/app',
  '0x7f.1/app',
  '127.1:80/app',
  '[::1/app',
  '[fe80::1%25eth0]/app',
  'ghcr.io/app\u0000',
  'ghcr.io/аpp',
  `ghcr.io/${'a/'.repeat(600)}a`,
])('%j is no reference', (text) => {
  expect(() => parseImageReference(text)).toThrow(expect.objectContaining({ code: 'INVALID_REFERENCE' }))
  expect(() => createRegistry().repository(text)).toThrow(expect.objectContaining({ code: 'INVALID_REFERENCE' }))
})

test.each([`alpine@sha256:${'A'.repeat(64)}`, 'alpine@sha256:00', 'alpine@', `alpine@${digest}@${digest}`])(
  '%s has no digest',
  (text) => {
    expect(() => parseImageReference(text)).toThrow(expect.objectContaining({ code: 'INVALID_DIGEST' }))
  },
)

test('Docker Hub is spoken to by another name, and asked for by its own', () => {
  for (const name of ['alpine', 'docker.io/alpine', 'index.docker.io/library/alpine'])
    expect(parseRepositoryName(name)).toEqual({
      repository: 'docker.io/library/alpine',
      host: 'docker.io',
      path: 'library/alpine',
      origin: 'https://registry-1.docker.io',
    })
  expect(parseRepositoryName('registry-1.docker.io/library/alpine').host).toBe('docker.io')
})

test.each([
  ['ghcr.io/a', undefined, 'https://ghcr.io'],
  ['ghcr.io:443/a', undefined, 'https://ghcr.io'],
  ['localhost:5000/a', undefined, 'http://localhost:5000'],
  ['127.0.0.1/a', [], 'http://127.0.0.1'],
  ['127.9.9.9:80/a', [], 'http://127.9.9.9'],
  ['[::1]:5000/a', [], 'http://[::1]:5000'],
  ['localhost:5000/a', 'none', 'https://localhost:5000'],
  ['localhost.example.com/a', [], 'https://localhost.example.com'],
  ['registry:5000/a', ['registry:5000'], 'http://registry:5000'],
  ['registry:5001/a', ['registry:5000'], 'https://registry:5001'],
  ['registry:5000/a', ['registry'], 'https://registry:5000'],
  ['10.0.0.1/a', 'all', 'http://10.0.0.1'],
] as const)('%s with the insecure hosts %s is at %s', (name, insecureHosts, origin) => {
  expect(parseRepositoryName(name, insecureHosts).origin).toBe(origin)
})
