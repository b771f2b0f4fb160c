import type { z } from '@hono/zod-openapi'
import type { Receipt } from '@w3bstream/protocol'
import type { schemas } from './v1/schemas.ts'

/** Answers and requests of `/v1`, for those who call it. */
export interface V1 {
  readonly Accepted: z.infer<typeof schemas.accepted>
  readonly Batch: z.infer<typeof schemas.batch>
  readonly BatchResult: z.infer<typeof schemas.batchResult>
  readonly Error: z.infer<typeof schemas.error>
  readonly Inclusion: z.infer<typeof schemas.inclusion>
  readonly Message: z.infer<typeof schemas.message>
  readonly NewMessage: z.infer<typeof schemas.newMessage>
  readonly NewToken: z.infer<typeof schemas.newToken>
  readonly Project: z.infer<typeof schemas.project>
  readonly Projects: z.infer<typeof schemas.projects>
  readonly ProjectWithVersions: z.infer<typeof schemas.projectWithVersions>
  readonly Published: z.infer<typeof schemas.published>
  readonly Receipt: Receipt
  readonly Refused: z.infer<typeof schemas.refused>
  readonly StateEntry: z.infer<typeof schemas.stateEntry>
  readonly Task: z.infer<typeof schemas.task>
  readonly TaskPage: z.infer<typeof schemas.taskPage>
  readonly TaskWithStates: z.infer<typeof schemas.taskWithStates>
  readonly Token: z.infer<typeof schemas.token>
  readonly Tokens: z.infer<typeof schemas.tokens>
  readonly TokenWithSecret: z.infer<typeof schemas.tokenWithSecret>
}
