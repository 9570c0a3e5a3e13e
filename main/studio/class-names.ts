import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabelConfig } from '../checkpoint/checkpoint.ts'
import { parseClassNames } from '../text/class-names.ts'
import type { ClassNames } from '../text/class-names.ts'

/** Classes of ImageNet's challenge, which models of as many were trained on. */
const IMAGENET_CLASSES = 1000

/** What the classes of a model are called; null where it is not known. */
export async function classNames(
  { classCount }: Pick<LabelConfig, 'classCount'>,
  vocabulariesFolder: string,
): Promise<ClassNames | null> {
  if (classCount !== IMAGENET_CLASSES) return null
  return parseClassNames(await readFile(join(vocabulariesFolder, 'imagenet-classes.txt'), 'utf8'))
}
