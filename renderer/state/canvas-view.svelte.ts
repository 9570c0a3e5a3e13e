import type { ImageId } from '../../main/contract/image.ts'
import type { JobId } from '../../main/contract/job.ts'

/** What the canvas is about: a job from its first noise to its picture, a picture of the gallery, the start picture, or nothing yet. */
export type Subject =
  | { readonly kind: 'job'; readonly id: JobId }
  | { readonly kind: 'image'; readonly id: ImageId }
  | { readonly kind: 'start' }
  | { readonly kind: 'nothing' }

export type CompareMode = 'off' | 'split'

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
    this.#subject = { kind: 'job', id }
    this.#isFollowing = true
  }

  /** @param isFollowing whether the next job to start still takes the canvas */
  showImage(id: ImageId, isFollowing = false): void {
    this.#subject = { kind: 'image', id }
    this.#isFollowing = isFollowing
  }

  showStart(): void {
    this.#subject = { kind: 'start' }
    this.#isFollowing = false
  }

  clear(): void {
    this.#subject = { kind: 'nothing' }
    this.#isFollowing = true
    this.#compare = 'off'
  }

  setCompare(mode: CompareMode): void {
    this.#compare = mode
  }
}
