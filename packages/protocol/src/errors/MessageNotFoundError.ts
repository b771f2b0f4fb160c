import { W3bError } from './W3bError.ts'

/** No such message. */
export class MessageNotFoundError extends W3bError {
  override readonly name = 'MessageNotFoundError'
  constructor(p: { messageId: string }) {
    super('MESSAGE_NOT_FOUND', `Message ${p.messageId} does not exist.`, { status: 404, meta: p })
  }
}
