import { toFailure, type Failure } from '../../main/contract/failure.ts'
import type { ImageId } from '../../main/contract/image.ts'
import type { JobId } from '../../main/contract/job.ts'
import { createApi, type Transport } from '../api.ts'
import { failureText, sentence } from '../names.ts'
import { keepPicture } from '../upload.ts'
import { modelOf, recipeSentence } from './recipe.ts'
import { Announcer } from './announcer.svelte.ts'
import { CanvasView } from './canvas-view.svelte.ts'
import { Draft } from './draft.svelte.ts'
import { GalleryState } from './gallery.svelte.ts'
import { GalleryView } from './gallery-view.svelte.ts'
import { hear } from './hearing.ts'
import { Layout } from './layout.svelte.ts'
import { MaskPainter } from './mask-painter.svelte.ts'
import { LibraryView } from './library-view.svelte.ts'
import { ModelsState } from './models.svelte.ts'
import { neighbour } from './neighbour.ts'
import { PartsState } from './parts.svelte.ts'
import { PromptHistory } from './prompt-history.svelte.ts'
import { QueueState } from './queue.svelte.ts'
import { SettingsState } from './settings.svelte.ts'
import { Toasts } from './toasts.svelte.ts'
import { UndoHistory, type UndoEntry } from './undo-history.svelte.ts'

/** All the window knows and can do: one of it, built by App, kept up to date by the studio's events. */
export class Studio {
  readonly api
  readonly settings
  readonly models
  readonly parts
  readonly library
  readonly queue
  readonly gallery
  readonly galleryView
  readonly draft
  readonly mask
  readonly canvas = new CanvasView()
  readonly layout = new Layout()
  readonly toasts = new Toasts()
  readonly announcer = new Announcer()
  readonly history = new UndoHistory()
  readonly prompts = new PromptHistory()
  #isReady = $state(false)
  #isConnected = $state(true)
  #loadFailure = $state.raw<Failure | undefined>(undefined)
  /** Commands of the shell's menu go to whoever runs them. */
  onShellCommand: (name: string) => void = () => undefined

  constructor(transport: Transport) {
    this.api = createApi(transport)
    this.settings = new SettingsState(this.api)
    this.models = new ModelsState(this.api)
    this.parts = new PartsState(this.api)
    this.library = new LibraryView(this.models, this.parts)
    this.queue = new QueueState(this.api)
    this.gallery = new GalleryState(this.api)
    this.galleryView = new GalleryView(this.gallery)
    this.draft = new Draft(this.history)
    this.mask = new MaskPainter(this.draft, (error) => this.showFailure(toFailure(error)))
    transport.subscribe((message) => {
      hear(this, message)
    })
    transport.watchConnection?.((isConnected) => {
      // Whatever changed while the studio was away was not told.
      if (isConnected && !this.#isConnected) void this.load()
      this.#isConnected = isConnected
    })
  }

  /** False until the first answers are here. */
  get isReady(): boolean {
    return this.#isReady
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  /** Why the window could not be filled, when it could not. */
  get loadFailure(): Failure | undefined {
    return this.#loadFailure
  }

  /** The finished picture on the canvas, if one is there. */
  get shownImage(): ImageId | undefined {
    const { subject } = this.canvas
    if (subject.kind === 'image') return subject.id
    return subject.kind === 'job' ? (this.queue.find(subject.id)?.imageId ?? undefined) : undefined
  }

  /** Asks for everything the window shows. */
  async load(): Promise<void> {
    try {
      const { settings, models, parts, queue, gallery } = this
      await Promise.all([settings, models, parts, queue, gallery].map((state) => state.load()))
      this.learnModel()
      this.draft.startInStyle(settings.current.promptStyle)
      if (this.canvas.subject.kind === 'nothing') this.#showWhatIs()
      this.#loadFailure = undefined
      this.#isReady = true
    } catch (error) {
      this.#loadFailure = toFailure(error)
    }
  }

  /** The draft learns its model's defaults, or goes to the first model where the old one is gone. */
  learnModel(): void {
    const chosen = this.models.find(this.draft.fields.model)
    if (chosen) this.draft.learnDefaults(chosen)
    else if (this.models.first) this.draft.useModel(this.models.first)
  }

  /** Runs something the user asked for; a failure becomes a toast that says what could not be done. */
  async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.showFailure(toFailure(error))
    }
  }

  showFailure(failure: Failure): void {
    const { sentence, details } = failureText(failure)
    this.toasts.show(sentence, { tone: 'bad', details })
  }

  /** Queues the draft; the prompt stays as it is and stays editable. */
  async generate(): Promise<void> {
    const { draft } = this
    await this.mask.settle()
    if (!draft.fields.isSeedLocked) draft.rollSeed()
    if (draft.hasProblems) {
      this.announcer.say('Nothing was started: a field needs attention.')
      return
    }
    try {
      const ids = await this.queue.enqueue(draft.request, draft.fields.count, draft.hasChoices)
      this.prompts.add(draft.fields.prompt)
      this.#showEnqueued(ids)
    } catch (error) {
      const failure = toFailure(error)
      if (draft.refuse(failure)) this.announcer.say(sentence(failure.message))
      else this.showFailure(failure)
    }
  }

  /** Queues an ended job's request again. */
  async retry(id: JobId): Promise<void> {
    await this.attempt(async () => {
      this.#showEnqueued([await this.queue.retry(id)])
    })
  }

  /** Stops what runs. */
  async cancel(): Promise<void> {
    const { running } = this.queue
    if (running) await this.attempt(() => this.queue.cancel(running.id))
  }

  /** Makes a picture the start of the next one. `picture` is a file, or an id of the gallery. */
  async useAsStart(picture: Blob | ImageId): Promise<void> {
    await this.attempt(async () => {
      this.draft.useInput(await keepPicture(this.api, picture))
      this.canvas.showStart()
      this.layout.goTo('create')
    })
  }

  /** Takes over the settings that a picture's file tells, whichever program made it; one that tells none becomes the start picture. */
  async useSettingsOf(picture: Blob): Promise<void> {
    await this.attempt(async () => {
      const input = await keepPicture(this.api, picture)
      const recipe = await this.api['inputs.recipe'](input.id)
      if (recipe) {
        const model = modelOf(recipe, this.models.list)
        this.draft.useRecipe(recipe.fields, model)
        this.toasts.show(recipeSentence(recipe, model !== undefined))
      } else {
        this.draft.useInput(input)
        this.canvas.showStart()
        this.toasts.show('The picture does not tell how it was made; it is the start picture now.')
      }
      this.layout.goTo('create')
    })
  }

  /** Shows the picture that many places older than the one on the canvas, or newer when negative. */
  showNext(places: number): void {
    const shown = this.shownImage
    const next = shown === undefined ? undefined : this.gallery.ids[this.gallery.ids.indexOf(shown) + places]
    if (next !== undefined) this.canvas.showImage(next)
  }

  /** Moves pictures to the trash; the toast and Ctrl/Cmd+Z bring them back. */
  async trash(ids: readonly ImageId[]): Promise<void> {
    const shown = this.shownImage
    const gone = new Set(ids)
    const isShownGone = shown !== undefined && gone.has(shown)
    const next = isShownGone ? neighbour(this.gallery.ids, shown, (id) => !gone.has(id)) : undefined
    await this.attempt(async () => {
      await this.gallery.trash(ids)
      this.galleryView.selection.drop(ids)
      const what = ids.length === 1 ? 'Picture' : `${ids.length.toLocaleString()} pictures`
      this.offerUndo(`${what} moved to the trash`, {
        label: `delete ${what.toLowerCase()}`,
        undo: () => this.gallery.restore(ids),
      })
      if (next !== undefined) this.canvas.showImage(next)
    })
  }

  async star(ids: readonly ImageId[], isStarred: boolean): Promise<void> {
    await this.attempt(async () => {
      const changing = await this.gallery.starredOtherwise(ids, isStarred)
      await this.gallery.star(changing, isStarred)
      this.history.push({
        label: isStarred ? 'star' : 'remove star',
        undo: () => this.gallery.star(changing, !isStarred),
      })
    })
  }

  /** Remembers how to take back what was just done, and says both. Once it is taken back, the offer goes. */
  offerUndo(text: string, done: UndoEntry): void {
    const entry: UndoEntry = {
      label: done.label,
      undo: () => {
        this.toasts.dismiss(toast)
        return done.undo()
      },
    }
    this.history.push(entry)
    const toast = this.toasts.show(text, { action: { label: 'Undo', run: () => void this.undo(entry) } })
  }

  /** Takes back `entry`, the newest unless told, and says so. */
  async undo(entry?: UndoEntry): Promise<void> {
    await this.attempt(async () => {
      const undone = await this.history.undo(entry)
      if (undone) this.toasts.show(`Undid: ${undone.label}`)
    })
  }

  /** Asks for a folder with models and scans it. */
  async addModelFolder(): Promise<void> {
    await this.attempt(async () => {
      const folder = await this.api['shell.chooseFolder'](undefined)
      if (folder !== null) await this.models.addFolder(folder)
    })
  }

  /** Leaves the queue without its finished jobs, the canvas with its picture. */
  async clearFinished(): Promise<void> {
    await this.attempt(() => this.queue.clearFinished())
  }

  /** The canvas goes to what was just enqueued; or later, if something else still runs. */
  #showEnqueued(ids: readonly JobId[]): void {
    this.canvas.follow()
    // The first may have been told as running, or even as done, before the answer with its id came.
    const { running } = this.queue
    const [first] = ids
    if (first !== undefined && (!running || ids.includes(running.id))) this.canvas.showJob(running?.id ?? first)
  }

  #showWhatIs(): void {
    const { running } = this.queue
    const [newest] = this.gallery.ids
    if (running) this.canvas.showJob(running.id)
    else if (this.draft.fields.init) this.canvas.showStart()
    else if (newest !== undefined) this.canvas.showImage(newest, true)
  }
}
