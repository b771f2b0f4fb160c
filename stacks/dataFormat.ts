import { DATA_FORMAT } from '@w3bstream/store-aws/tables'

const formatPath = (stage: string) => `/${$app.name}/${stage}/data`

/**
 * Refuses to deploy a build over data that a newer one has written: it would not understand them.
 * @throws {Error} naming both formats
 */
export async function refuseNewerData(stage: string): Promise<void> {
  // Not by the parameter's name: before the first deploy it is not there.
  const { names, values } = await aws.ssm.getParametersByPath({ path: formatPath(stage) })
  const at = names.indexOf(`${formatPath(stage)}/format`)
  if (at < 0) return
  const deployed = Number(values[at])
  if (!Number.isSafeInteger(deployed)) throw new Error(`${formatPath(stage)}/format is not a number.`)
  if (deployed > DATA_FORMAT)
    throw new Error(
      `The data of stage ${stage} have format ${deployed}, and this build knows formats up to ${DATA_FORMAT}: deploy the newer build, or restore a backup.`,
    )
}

/** Writes down the format, once the tables are there. */
export function recordDataFormat(stage: string, tables: readonly $util.Resource[]): void {
  new aws.ssm.Parameter(
    'DataFormat',
    { name: `${formatPath(stage)}/format`, type: 'String', value: `${DATA_FORMAT}` },
    { dependsOn: [...tables] },
  )
}
