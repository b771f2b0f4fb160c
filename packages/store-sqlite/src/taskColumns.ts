import { bigintJson } from '@w3bstream/core/ports'
import {
  type Assignment,
  type Hex,
  type ProofRecord,
  type Result,
  type Settlement,
  type Signed,
  type Task,
  type TaskRecord,
  type TaskState,
  taskId,
  toHex,
  traceIdOf,
  type VmType,
} from '@w3bstream/protocol'
import { column, type Row } from './column.ts'

/** The part of a task that never changes. */
export interface TaskContent {
  readonly task: Task
  readonly vmType: VmType
  readonly salt: TaskRecord['salt']
}

/** @param row columns of tasks, joined with task_contents */
export function taskRecordOf(row: Row): TaskRecord {
  const json = <T>(name: string): T | null =>
    column.nullable(row, name, (of, key) => bigintJson.read<T>(column.text(of, key)))
  const content = bigintJson.read<TaskContent>(column.text(row, 'content'))
  return {
    id: taskId(toHex(column.bytes(row, 'id'))),
    ...content,
    state: column.text(row, 'state') as TaskState,
    trace: traceIdOf(column.bytes(row, 'first')),
    createdAt: column.int(row, 'created_at'),
    updatedAt: column.int(row, 'updated_at'),
    taskSignature: column.nullable(row, 'task_signature', column.text) as Hex | null,
    assignment: json<Signed<Assignment>>('assignment'),
    proof: json<ProofRecord>('proof'),
    result: json<Signed<Result>>('result'),
    settlement: json<Settlement>('settlement'),
    tries: column.int(row, 'tries'),
    failure: column.nullable(row, 'failure', column.text),
  }
}
