// SPDX-License-Identifier: Apache-2.0

/** An instant, cut to whole seconds. */
export interface DateTime {
  readonly milliseconds: number
  /** It was written with a fraction of a second other than zero. */
  readonly hasFraction: boolean
}

const daysPerMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** The Gregorian calendar repeats itself after 400 years; Date.UTC takes years below 100 for others. */
const fourHundredYears = 12_622_780_800_000

/**
 * Reads an RFC 3339 date-time; undefined for anything else.
 *
 * Upper-case `T` and `Z` only, no leap second and no hour 24, as Go reads it; what Go reads more loosely is refused.
 */
export function readDateTime(text: string): DateTime | undefined {
  if (
    text[4] !== '-' ||
    text[7] !== '-' ||
    text[10] !== 'T' ||
    text[13] !== ':' ||
    text[16] !== ':' ||
    text.length > 64
  )
    return
  const year = readDigits(text, 0, 4)
  const month = readDigits(text, 5, 2)
  const day = readDigits(text, 8, 2)
  const hour = readDigits(text, 11, 2)
  const minute = readDigits(text, 14, 2)
  const second = readDigits(text, 17, 2)
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const lastDay = month === 2 && isLeapYear ? 29 : (daysPerMonth[month - 1] ?? 0)
  if (!(year >= 0 && day >= 1 && day <= lastDay && inRange(hour, 23) && inRange(minute, 59) && inRange(second, 59)))
    return
  let position = 19
  let hasFraction = false
  if (text[position] === '.') {
    const start = ++position
    for (; inRange(readDigits(text, position, 1), 9); position++) if (text[position] !== '0') hasFraction = true
    if (position === start) return
  }
  const offset = readOffset(text.slice(position))
  if (offset === undefined) return
  const local = Date.UTC(year + 400, month - 1, day, hour, minute, second) - fourHundredYears
  return { milliseconds: local - offset * 60_000, hasFraction }
}

/** The minutes that local time is ahead of UTC: `Z`, `+02:00`. */
function readOffset(text: string): number | undefined {
  if (text === 'Z') return 0
  const sign = text[0] === '+' ? 1 : text[0] === '-' ? -1 : 0
  const hours = readDigits(text, 1, 2)
  const minutes = readDigits(text, 4, 2)
  if (sign === 0 || text.length !== 6 || text[3] !== ':' || !inRange(hours, 23) || !inRange(minutes, 59)) return
  return sign * (hours * 60 + minutes)
}

const inRange = (value: number, last: number) => value >= 0 && value <= last

/** The number that so many decimal digits write; -1 where there are others. */
function readDigits(text: string, start: number, count: number): number {
  let value = 0
  for (let index = start; index < start + count; index++) {
    const digit = text.charCodeAt(index) - 0x30
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}

/** Writes an instant of the years 0 to 9999 in UTC, without a fraction. */
export function encodeDateTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}
