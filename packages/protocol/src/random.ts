/** A source of bytes that nobody can guess. */
export type Random = (size: number) => Uint8Array

/** The platform's cryptographic source. */
export const platformRandom: Random = (size) => crypto.getRandomValues(new Uint8Array(size))
