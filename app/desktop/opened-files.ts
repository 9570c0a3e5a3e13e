import { extname, resolve } from 'node:path'

/** The model files among a command line's words, as absolute paths. */
export function modelFilesIn(argv: readonly string[], workingDirectory: string): string[] {
  return argv
    .filter((word) => !word.startsWith('-') && extname(word).toLowerCase() === '.safetensors')
    .map((word) => resolve(workingDirectory, word))
}
