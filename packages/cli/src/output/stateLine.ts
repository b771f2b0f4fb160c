import type { State } from '../node/answers.ts'
import { type Colors, printable } from './Terminal.ts'

/** One line a state: time, name, who, why. */
export function stateLine(colors: Colors, state: State): string {
  const paint = state.state === 'failed' ? colors.red : state.state === 'finalized' ? colors.green : colors.cyan
  const why = [state.reason, state.result === null ? '' : shortened(state.result)].filter((text) => text !== '')
  return `${colors.dim(printable(state.time))}  ${paint(printable(state.state).padEnd(9))}  ${printable(why.join(' · '))}`.trimEnd()
}

const LONGEST = 100

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
