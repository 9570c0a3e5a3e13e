/**
 * What the environment of a process that computes should have besides. glibc keeps freed blocks of up to 32 MB in its
 * heap, in pieces that the next ones do not fit: decoding a picture then takes up to four times the memory. From 8 MB on,
 * a block is the system's own and goes back to it.
 */
export const allocatorEnvironment: Readonly<Record<string, string>> =
  process.platform === 'linux' ? { MALLOC_MMAP_THRESHOLD_: String(8 * 2 ** 20) } : {}
