import { readFileSync } from 'node:fs'

/**
 * Seattle's weather of 2012 to 2015, day by day, as a device would send it.
 *
 * Source: `seattle-weather.csv` of vega-datasets, from NOAA's records.
 * @returns 1,461 payloads in order of their date, each a JSON object `{date, temperature, wind, precipitation}`: the day's highest
 * temperature in degrees Celsius, metres a second, millimetres
 */
export function readings(): readonly string[] {
  const file = new URL('../data/seattle-weather.csv', import.meta.resolve('vega-datasets'))
  const [header = '', ...rows] = readFileSync(file, 'utf8').trim().split('\n')
  const columns = header.split(',')
  return rows.map((row) => {
    const cells = row.split(',')
    const cell = (name: string) => cells[columns.indexOf(name)] ?? ''
    return JSON.stringify({
      date: cell('date'),
      temperature: Number(cell('temp_max')),
      wind: Number(cell('wind')),
      precipitation: Number(cell('precipitation')),
    })
  })
}
