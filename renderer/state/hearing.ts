import type { EventMessage } from '../../main/contract/calls.ts'
import type { GalleryChange } from '../../main/contract/image.ts'
import type { Job, JobId } from '../../main/contract/job.ts'
import { jobNews } from './job-news.ts'
import type { Studio } from './studio.svelte.ts'

/** Brings the window up to date with what the studio tells unasked. */
export function hear(studio: Studio, message: EventMessage): void {
  switch (message.name) {
    case 'job.changed':
      hearJob(studio, message.payload)
      return
    case 'jobs.removed':
      hearRemovedJobs(studio, message.payload)
      return
    case 'job.preview':
      studio.queue.showPreview(message.payload)
      return
    case 'gallery.changed':
      hearGallery(studio, message.payload)
      return
    case 'models.changed':
      studio.models.replace(message.payload)
      studio.learnModel()
      return
    case 'parts.changed':
      studio.parts.replace(message.payload)
      return
    case 'models.stateChanged':
      studio.models.replaceState(message.payload)
      return
    case 'settings.changed':
      studio.settings.replace(message.payload)
      return
    case 'shell.command':
      studio.onShellCommand(message.payload)
  }
}

function hearJob({ queue, canvas, announcer }: Studio, job: Job): void {
  const before = queue.apply(job)
  const news = jobNews(before, job)
  if (news !== undefined) announcer.say(news)
  const isStarting = job.state === 'running' && before?.state !== 'running'
  if (isStarting && canvas.isFollowing) canvas.showJob(job.id)
}

/** A job that is cleared away leaves its picture on the canvas. */
function hearRemovedJobs({ queue, canvas }: Studio, ids: readonly JobId[]): void {
  const { subject, isFollowing } = canvas
  if (subject.kind === 'job' && ids.includes(subject.id)) {
    const imageId = queue.find(subject.id)?.imageId
    if (imageId) canvas.showImage(imageId, isFollowing)
    else canvas.clear()
  }
  queue.forget(ids)
}

function hearGallery(studio: Studio, change: GalleryChange): void {
  const shown = studio.shownImage
  if (shown !== undefined && change.removed.includes(shown)) studio.canvas.clear()
  void studio.attempt(() => studio.gallery.apply(change))
}
