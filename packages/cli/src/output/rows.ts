import { type Colors, printable } from './Terminal.ts'

/** Lines of `name  value`, aligned; null values are left out. */
export function rows(colors: Colors, fields: readonly (readonly [name: string, value: unknown])[]): string {
  const shown = fields.filter(([, value]) => value !== null && value !== undefined)
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${colors.dim(name.padEnd(width))}  ${printable(String(value))}`).join('\n')
}
