// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { isOcisignError } from '../../src/errors.js'
import { type ConfigEnvironment, defaultConfigDirectory } from '../../src/node/config-paths.js'

const directoryFor = (environment: ConfigEnvironment) => {
  try {
    return defaultConfigDirectory(environment)
  } catch (error) {
    if (isOcisignError(error)) return error.code
    throw error
  }
}

// Where os.UserConfigDir of Go, and so Notation, looks.
describe('the default directory', () => {
  test.each<[string, ConfigEnvironment, string]>([
    ['Linux', { platform: 'linux', env: { HOME: '/home/me' } }, '/home/me/.config/notation'],
    ['Linux, XDG', { platform: 'linux', env: { HOME: '/home/me', XDG_CONFIG_HOME: '/etc/me' } }, '/etc/me/notation'],
    [
      'Linux, XDG empty',
      { platform: 'linux', env: { HOME: '/home/me', XDG_CONFIG_HOME: '' } },
      '/home/me/.config/notation',
    ],
    ['Linux without HOME', { platform: 'linux', env: {}, home: '/root' }, '/root/.config/notation'],
    ['FreeBSD', { platform: 'freebsd', env: { HOME: '/home/me' } }, '/home/me/.config/notation'],
    [
      'macOS',
      { platform: 'darwin', env: { HOME: '/Users/me', XDG_CONFIG_HOME: '/x' } },
      '/Users/me/Library/Application Support/notation',
    ],
    [
      'Windows',
      { platform: 'win32', env: { AppData: 'C:\\Users\\me\\AppData\\Roaming' } },
      'C:\\Users\\me\\AppData\\Roaming\\notation',
    ],
    ['Windows, upper case', { platform: 'win32', env: { APPDATA: 'C:\\Data' } }, 'C:\\Data\\notation'],
  ])('%s', (_, environment, directory) => expect(directoryFor(environment)).toBe(directory))

  // The reference falls back to the folder it was started in, where anybody may have put a policy.
  test.each<[string, ConfigEnvironment]>([
    ['a relative XDG_CONFIG_HOME', { platform: 'linux', env: { HOME: '/home/me', XDG_CONFIG_HOME: 'config' } }],
    ['a relative HOME', { platform: 'linux', env: { HOME: 'me' } }],
    ['no home', { platform: 'linux', env: {}, home: '' }],
    ['no home on macOS', { platform: 'darwin', env: {}, home: '' }],
    ['no AppData', { platform: 'win32', env: { HOME: 'C:\\me' } }],
  ])('%s is refused', (_, environment) => expect(directoryFor(environment)).toBe('MISUSE_OPTION'))

  test('is that of this process where nothing is said', () => {
    expect(directoryFor({})).toMatch(/notation$/)
  })
})
