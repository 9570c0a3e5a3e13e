import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { readSafetensors } from '../../main/checkpoint/safetensors.ts'
import { weightsOver } from '../../main/checkpoint/weights.ts'
import { GraphBuilder } from '../../main/network/graph-builder.ts'
import { conv, linear } from '../../main/network/layers.ts'
import type { OnnxGraph } from '../../main/runtime/graph.ts'
import { loadNetwork } from '../../main/runtime/network.ts'
import { tensor } from '../../main/tensor/tensor.ts'
import type { Tensor } from '../../main/tensor/tensor.ts'
import { part, PICTURE_PX } from './cases.ts'

const FOLDER = join(import.meta.dirname, 'judge')
const SIDE = 64
const WIDTHS = [3, 32, 64, 128, 192]
const NECK = 256

const Words = z.object({
  /** The names of each noun. */
  nouns: z.array(z.array(z.string())),
  colours: z.array(z.string()),
  grounds: z.array(z.string()),
})
type Words = z.infer<typeof Words>

/** Which part of a picture is looked at: all of it, or where a scene's left or right thing stands. */
export type View = 'whole' | 'left' | 'right'

/** Scores of each word for a part of a picture: the higher, the likelier. */
export interface Opinion {
  readonly nouns: Float32Array
  readonly colours: Float32Array
  readonly grounds: Float32Array
}

/** Names what it sees; it has learned from real renderings alone (judge/train.py). */
export interface Judge {
  readonly words: Words
  look(picture: Tensor, view: View): Promise<Opinion>
  release(): Promise<void>
}

export async function openJudge(threads: number | null): Promise<Judge> {
  const words = Words.parse(JSON.parse(await readFile(join(FOLDER, 'classes.json'), 'utf8')))
  const network = await loadNetwork(await judgeGraph(words), { threads })
  return {
    words,
    look: async (picture, view) => {
      const { nouns, colours, grounds } = await network.run({ square: squareOf(picture, view) })
      if (!nouns || !colours || !grounds) throw new RangeError('expected three outputs of the judge')
      return { nouns: nouns.data, colours: colours.data, grounds: grounds.data }
    },
    release: () => network.release(),
  }
}

/** square [1, 3, 64, 64] in [-1, 1] → nouns, colours, grounds [1, words]: convolutions, each halving the size, and two linear layers. */
async function judgeGraph({ nouns, colours, grounds }: Words): Promise<OnnxGraph> {
  const path = join(FOLDER, 'judge.safetensors')
  const { entries } = await readSafetensors(path)
  const graph = new GraphBuilder('judge', weightsOver({ path, entries, nameMap: (name) => [name] }, new Map()))
  const scope = graph.root
  let h = graph.input('square', 'float', [1, 3, SIDE, SIDE])
  for (const [level, outChannels] of WIDTHS.slice(1).entries()) {
    const inChannels = WIDTHS[level] ?? 0
    const options = level === 0 ? { kernel: 5, stride: 2 } : {}
    h = scope.node('Relu', [conv(scope.at(`convs.${level}`), h, inChannels, outChannels, options)])
    if (level > 0) h = scope.node('MaxPool', [h], { kernel_shape: [2, 2], strides: [2, 2] })
  }
  const cells = (SIDE / 2 ** (WIDTHS.length - 1)) ** 2
  const neck = linear(scope.at('neck'), scope.node('Flatten', [h]), (WIDTHS.at(-1) ?? 0) * cells, NECK)
  const seen = scope.node('Relu', [neck])
  for (const [head, output, count] of [
    ['noun', 'nouns', nouns.length],
    ['colour', 'colours', colours.length],
    ['ground', 'grounds', grounds.length],
  ] as const) {
    graph.output(output, linear(scope.at(head), seen, NECK, count), [1, count])
  }
  return graph.finish()
}

/** The 64x64 pixels that the judge gets of a picture [1, 3, 128, 128]. */
function squareOf(picture: Tensor, view: View): Tensor {
  if (view === 'whole') return halved(picture)
  // Things of a scene stand low, their middles a quarter from the sides.
  const left = view === 'left' ? 0 : PICTURE_PX - SIDE
  return part(picture.data, { width: PICTURE_PX, height: PICTURE_PX, left, top: 58, side: SIDE })
}

/** Each value the mean of four. */
function halved({ data }: Tensor): Tensor {
  const out = new Float32Array(3 * SIDE * SIDE)
  for (let i = 0; i < out.length; i++) {
    const [row, column] = [Math.floor(i / SIDE), i % SIDE]
    const at = 2 * row * PICTURE_PX + 2 * column
    const sum = [at, at + 1, at + PICTURE_PX, at + PICTURE_PX + 1].reduce(
      (total, place) => total + (data[place] ?? 0),
      0,
    )
    out[i] = sum / 4
  }
  return tensor([1, 3, SIDE, SIDE], out)
}
