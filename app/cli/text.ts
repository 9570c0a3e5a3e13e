/** Lines of a name and a text, the texts below each other. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('')
}

/** A count with its thousands apart. */
export function number(value: number): string {
  return value.toLocaleString('en')
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** A size in the largest decimal unit that leaves a whole part. */
export function bytes(value: number): string {
  const power = Math.min(UNITS.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3))
  const digits = power === 0 ? 0 : 1
  return `${(value / 1000 ** power).toFixed(digits)} ${UNITS[power] ?? ''}`
}
