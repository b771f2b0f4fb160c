/** What a bundle has come to. */
export interface Bundle {
  readonly name: string
  /** The module's path. */
  readonly file: string
  readonly bytes: number
  readonly gzipped: number
  /** Modules that it asks for when it runs. */
  readonly imports: readonly string[]
  /** Bytes of each package in it, most first. */
  readonly packages: Readonly<Record<string, number>>
}

export declare const units: Readonly<Record<string, { readonly entry: string }>>
export declare function bundle(name: string): Promise<Bundle>
