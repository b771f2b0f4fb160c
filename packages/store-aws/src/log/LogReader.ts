import type { LogId, LogPosition } from '@w3bstream/core/ports'
import type { MessageId } from '@w3bstream/protocol'

/** The log's order, without its messages: what tasks need of it. */
export interface LogReader {
  /** Ids at the positions after `after`, up to and with `upTo`, in order. */
  idsBetween(log: LogId, after: LogPosition, upTo: LogPosition): Promise<MessageId[]>
  /** Where a message lies; null before the log has ordered it, and for an unknown id. */
  positionOf(id: MessageId): Promise<{ readonly log: LogId; readonly position: LogPosition } | null>
}
