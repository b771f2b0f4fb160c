import { javaVersion } from './javaVersion.ts'

/** Whether the Java on the PATH can keep a program from the network: Java 24 dropped its security manager (JEP 486). */
export function hasSecurityManager(): boolean {
  return (javaVersion() ?? 0) < 24
}
