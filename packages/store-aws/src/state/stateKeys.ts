import type { LogId, LogPosition } from '@w3bstream/core/ports'
import type { Address, ProjectId, TaskId, TaskState } from '@w3bstream/protocol'
import { logName } from '../log/logName.ts'
import type { Key } from './StateTable.ts'

/** Tasks of one state, and of the whole deployment, lie on so many partitions of an index: one takes a thousand writes a second. */
const SHARDS = 4

/** Numbers below 2^53 as text in their order. */
const padded = (value: number | bigint): string => value.toString().padStart(16, '0')
const stepName = (step: number): string => step.toString().padStart(8, '0')
const shardOf = (id: TaskId): number => Number.parseInt(id.slice(2, 4), 16) % SHARDS
const shards = (name: string): string[] => Array.from({ length: SHARDS }, (_, shard) => `${name}#${shard}`)

/** Where what lies in the table of state; README.md has the attributes. */
export const stateKeys = {
  log: (log: LogId): Key => ({ pk: 'logs', sk: logName(log) }),
  /** Of a log's tasks, by the position of their last message. */
  ranges: (log: LogId): string => `ranges#${logName(log)}`,
  range: (log: LogId, upTo: LogPosition): Key => ({ pk: stateKeys.ranges(log), sk: padded(upTo) }),
  sequence: (projectId: ProjectId, sequencer: Address): Key => ({ pk: `sequences#${projectId}`, sk: sequencer }),
  /** Of a project's tasks with this number, each by its id after it: sequencers may, rarely, have a number in common. */
  numbers: (projectId: ProjectId): string => `numbers#${projectId}`,
  number: (number: bigint, id: TaskId | ''): string => `${padded(number)}#${id}`,
  task: (id: TaskId): Key => ({ pk: `task#${id}`, sk: 'task' }),
  steps: (id: TaskId): string => `task#${id}`,
  /** A line of the state log, from 0. */
  step: (id: TaskId, step: number): Key => ({ pk: `task#${id}`, sk: `step#${stepName(step)}` }),
  /** The nonces that were given to a task. */
  taskNonces: (id: TaskId): Key => ({ pk: `task#${id}`, sk: 'nonces' }),

  /** Partition keys of the indexes. */
  inState: (state: TaskState, id: TaskId): string => `${state}#${shardOf(id)}`,
  allInState: (state: TaskState): string[] => shards(state),
  ofProject: (projectId: ProjectId): string => `project#${projectId}`,
  ofDeployment: (id: TaskId): string => `all#${shardOf(id)}`,
  allOfDeployment: (): string[] => shards('all'),
  feed: (id: TaskId): string => `feed#${shardOf(id)}`,
  allOfFeed: (): string[] => shards('feed'),
  /** The feed's sort key: when a step was taken, and which. */
  place: (at: number, id: TaskId, step: number): string => `${padded(at)}#${id.slice(2, 18)}#${stepName(step)}`,
  time: padded,
  /** The other indexes' sort keys, in the order of packing; the short one is for a task's own item, which names it anyway. */
  packedOrder: (createdAt: number, id: TaskId): string => `${padded(createdAt)}#${id}`,
  shortPackedOrder: (createdAt: number, id: TaskId): string => `${padded(createdAt)}#${id.slice(2, 18)}`,
} as const
