import type { ImageId } from '../../main/contract/image.ts'
import type { JobId } from '../../main/contract/job.ts'

/** What the canvas is about: a job from its first noise to its picture, a picture of the gallery, the start picture, or nothing yet. */
export type Subject =
  | { readonly kind: 'job'; readonly id: JobId }
  | { readonly kind: 'image'; readonly id: ImageId }
  | { readonly kind: 'start' }
  | { readonly kind: 'nothing' }

/** How the start picture is laid over the one made of it: not, left of a line, or all over while held. */
export type CompareMode = 'off' | 'split' | 'hold'

/** What the canvas shows. It follows the jobs as they run until a picture is chosen by hand. */
export class CanvasView {
  #subject = $state.raw<Subject>({ kind: 'nothing' })
  #isFollowing = $state(true)
  #compare = $state<CompareMode>('off')

  get subject(): Subject {
    return this.#subject
  }

  get isFollowing(): boolean {
    return this.#isFollowing
  }

  get compare(): CompareMode {
    return this.#compare
  }

  /** The next job that starts takes the canvas. */
  follow(): void {
    this.#isFollowing = true
  }

  showJob(id: JobId): void {
    this.#show({ kind: 'job', id }, true)
  }

  /** @param isFollowing whether the next job to start still takes the canvas */
  showImage(id: ImageId, isFollowing = false): void {
    this.#show({ kind: 'image', id }, isFollowing)
  }

  showStart(): void {
    this.#show({ kind: 'start' }, false)
  }

  clear(): void {
    this.#show({ kind: 'nothing' }, true)
  }

  setCompare(mode: CompareMode): void {
    this.#compare = mode
  }

  #show(subject: Subject, isFollowing: boolean): void {
    this.#subject = subject
    this.#isFollowing = isFollowing
    // A comparison belongs to the picture it was opened on.
    this.#compare = 'off'
  }
}
