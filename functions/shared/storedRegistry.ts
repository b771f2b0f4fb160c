import type { ChainState, Registry } from '@w3bstream/core'

/** The registry as the unit that follows the chain wrote it down: needs no chain endpoint. How long a record is believed is the resolver's to say. */
export function storedRegistry({ state }: { readonly state: Pick<ChainState, 'project' | 'projects'> }): Registry {
  return {
    project: (id) => state.project(id),
    projects: () => state.projects(),
    // Other processes write it: nobody here hears of a change.
    watch: () => () => {},
  }
}
