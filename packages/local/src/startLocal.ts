import { hash as digestOf } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  ChainEndpoint,
  ChainRegistry,
  chainPreset,
  type Deployment,
  deployContracts,
  LocalSigner,
  OutputDestinations,
  RegisteredVerifier,
  recoverAddress,
} from '@w3bstream/chain'
import { LocalProjectDirectory, RoutedContent } from '@w3bstream/content'
import {
  createW3bstream,
  ProjectResolver,
  proveTask,
  type Runtime,
  settleTasks,
  type W3bstream,
} from '@w3bstream/core'
import { createApp, serve } from '@w3bstream/http'
import { type Address, type Domain, type TaskId, taskId, type VmType } from '@w3bstream/protocol'
import { createRuntimes } from '@w3bstream/runtimes'
import { openStore } from '@w3bstream/store-sqlite'
import { Anvil } from './Anvil.ts'
import { consume } from './consume.ts'
import { PinoTelemetry } from './PinoTelemetry.ts'
import { Sequencer } from './Sequencer.ts'
