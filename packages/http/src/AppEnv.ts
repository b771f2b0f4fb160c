/** What the server hands to the application with a request, where it has it. */
export interface AppBindings {
  readonly incoming?: { readonly socket: { readonly remoteAddress?: string | undefined } }
  /** The body of a GET, which a `Request` cannot carry. */
  readonly getBody?: string
  /** Aborts when the server stops: open streams end. */
  readonly closing?: AbortSignal
}

export interface AppEnv {
  readonly Bindings: AppBindings
}
