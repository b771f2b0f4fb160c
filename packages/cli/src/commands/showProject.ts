import { projectId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withNode } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'

/** `w3b project show` */
export function showProject(parent: Command, context: CommandContext): void {
  withNode(parent.command('show'))
    .description('show a project and its versions')
    .argument('<id>', 'id of the project')
    .action(async (text: string, options: NodeOptions) => {
      const id = projectId(text)
      const project = await (await connect(options, context.env)).ask(`/v1/projects/${id}`, answers.project)
      context.terminal.result(project, (colors) =>
        rows(colors, [
          ['project', project.id],
          ['owner', project.owner],
          ['uri', project.uri],
          ['sha-256', project.hash],
          ['paused', project.paused ? 'yes: messages are refused' : 'no'],
          ...project.versions.map(
            ({ version, vmType, codeBytes }) =>
              [
                version === project.defaultVersion ? 'default' : 'version',
                `${version}: ${vmType}, ${codeBytes} bytes of code`,
              ] as const,
          ),
        ]),
      )
    })
}
