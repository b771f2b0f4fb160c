import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withNode } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'

/** `w3b project list` */
export function listProjects(parent: Command, context: CommandContext): void {
  withNode(parent.command('list'))
    .description('list the projects in the registry')
    .action(async (options: NodeOptions) => {
      const { projects } = await (await connect(options, context.env)).ask('/v1/projects', answers.projects)
      context.terminal.result({ projects }, (colors) =>
        projects.length === 0
          ? 'No projects yet. Publish one with `w3b project publish`.'
          : rows(
              colors,
              projects.map(({ id, uri, paused }) => [id, paused ? `${uri} (paused)` : uri] as const),
            ),
      )
    })
}
