/**
 * Days since 1970-01-01 <-> year, month and day of the proleptic Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms").
 */

/** Days since 1970-01-01; a day past the end of its month runs into the next, as in timegm. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.trunc((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.trunc(yearOfEra / 4) - Math.trunc(yearOfEra / 100) + dayOfYear - 719_468
}

/** `year << 9 | month << 5 | day` of a day from 1970-01-01 on. */
export function civilFromDays(days: number): number {
  const z = days + 719_468
  const era = Math.trunc(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.trunc(
    (dayOfEra - Math.trunc(dayOfEra / 1460) + Math.trunc(dayOfEra / 36_524) - Math.trunc(dayOfEra / 146_096)) / 365
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.trunc(yearOfEra / 4) - Math.trunc(yearOfEra / 100))
  const m = Math.trunc((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.trunc((153 * m + 2) / 5) + 1
  const month = m < 10 ? m + 3 : m - 9
  return ((yearOfEra + era * 400 + (month <= 2 ? 1 : 0)) << 9) | (month << 5) | day
}
