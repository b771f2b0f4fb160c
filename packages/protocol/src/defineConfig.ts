import { type DeploymentConfig, type DeploymentConfigInput, parseDeploymentConfig } from './parseDeploymentConfig.ts'

/**
 * Types and checks what `w3b.config.ts` says of a deployment, which may differ by stage.
 *
 * @returns the configuration of a stage. It throws {@link InvalidConfigError}, naming each field that is wrong
 */
export const defineConfig =
  (config: DeploymentConfigInput | ((stage: string) => DeploymentConfigInput)): ((stage: string) => DeploymentConfig) =>
  (stage) =>
    parseDeploymentConfig(typeof config === 'function' ? config(stage) : config)
