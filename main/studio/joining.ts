import type { Model, ModelFacts } from '../checkpoint/checkpoint.ts'
import type { Logger } from '../contract/failure.ts'
import type { GenerationTask } from '../contract/studio.ts'
import { alone, ALONE, joined, joinedMarks, marksDiffer } from './joined-networks.ts'
import type { Joined } from './joined-networks.ts'
import { joinedWords, noWords } from './joined-words.ts'
import type { JoinedWords } from './joined-words.ts'
import type { Networks } from './networks.ts'
import { partsWrittenAt } from './task-paths.ts'

/** Whether a network, by its name, is another one now. */
export type IsChanged = (network: string) => boolean

/** What the last request joined to a model. */
export class Joining {
  readonly #model: Model
  #joined: Joined
  #marks = ALONE
  /** When the files of its parts were written, by path. */
  #partsWritten: Readonly<Record<string, number | null>> = {}
  /** One for each text encoder that takes any. */
  #words: readonly JoinedWords[]

  constructor(model: Model) {
    this.#model = model
    this.#joined = alone(model)
    this.#words = noWords(this.networks.wordSpaces)
  }

  get networks(): Networks {
    return this.#joined.networks
  }

  get facts(): ModelFacts {
    const { diffusion, isPredictionTypeStated } = this.#joined.facts
    return { ...this.#model, diffusion, isPredictionTypeStated }
  }

  /** Words of one's own for a text encoder by its place. */
  words(place: number): JoinedWords | undefined {
    return this.#words[place]
  }

  /**
   * Takes what the request joins to the model, and nothing else.
   * @throws StudioError invalid-request, naming the field; model-missing, checkpoint-unsupported; then nothing is joined anew
   */
  async join(task: GenerationTask, logger: Logger): Promise<IsChanged> {
    const written = await partsWrittenAt(task)
    const isRewritten = Object.entries(written).some(
      ([path, time]) => path in this.#partsWritten && this.#partsWritten[path] !== time,
    )
    const [before, after] = [this.#marks, joinedMarks(task)]
    this.#words = await joinedWords(task, this.networks.wordSpaces, logger)
    if (!isRewritten && !marksDiffer(before, after)) {
      for (const warning of this.#joined.warnings) logger.warn(warning)
    } else {
      this.#joined = await joined(this.#model, task, logger)
    }
    this.#marks = after
    this.#partsWritten = { ...this.#partsWritten, ...written }
    return (network) => isRewritten || marksDiffer(before, after, network)
  }
}
