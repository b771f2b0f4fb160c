import { Command } from 'commander'
import type { CommandContext } from './CommandContext.ts'
import { allowSequencer } from './commands/allowSequencer.ts'
import { bindDapp } from './commands/bindDapp.ts'
import { createToken } from './commands/createToken.ts'
import { deployContracts } from './commands/deployContracts.ts'
import { dev } from './commands/dev.ts'
import { listProjects } from './commands/listProjects.ts'
import { listTokens } from './commands/listTokens.ts'
import { publishProject } from './commands/publishProject.ts'
import { receipt } from './commands/receipt.ts'
import { registerVerifier } from './commands/registerVerifier.ts'
import { replayTask } from './commands/replayTask.ts'
import { revokeToken } from './commands/revokeToken.ts'
import { sendMessage } from './commands/sendMessage.ts'
import { showMessage } from './commands/showMessage.ts'
import { showProject } from './commands/showProject.ts'
import { showTask } from './commands/showTask.ts'
import { testProject } from './commands/testProject.ts'
import { verify } from './commands/verify.ts'

/** The `w3b` command with all its commands. */
export function createProgram(context: CommandContext, version: string): Command {
  const program = new Command('w3b')
    .description('W3bstream: from device data to proofs verified on-chain')
    .version(version)
    .exitOverride()
    .configureOutput({
      // With --json stdout belongs to the one value; help is for people.
      writeOut: (text) => (context.terminal.json ? context.terminal.error(text) : context.terminal.text(text)),
      writeErr: (text) => context.terminal.error(text),
    })
    .showSuggestionAfterError()
  dev(program, context)

  const message = program.command('message').description('send messages and follow them')
  sendMessage(message, context)
  showMessage(message, context)
  // Both spellings: a receipt is of a message, and is asked for often.
  for (const parent of [message, program]) {
    receipt(parent, context)
    verify(parent, context)
  }

  const project = program.command('project').description('try, publish, register and show projects')
  testProject(project, context)
  publishProject(project, context)
  showProject(project, context)
  listProjects(project, context)
  registerVerifier(project, context)
  allowSequencer(project, context)
  bindDapp(project, context)

  const contracts = program.command('contracts').description('deploy the contracts of a deployment')
  deployContracts(contracts, context)

  const task = program.command('task').description('show tasks, and replay failed ones')
  showTask(task, context)
  replayTask(task, context)

  const token = program.command('token').description('make, list and revoke API tokens')
  createToken(token, context)
  listTokens(token, context)
  revokeToken(token, context)
  return program
}
