import { join } from 'node:path'
import type { EventMessage } from '../main/contract/calls.ts'
import type { Logger } from '../main/contract/failure.ts'
import type { StudioInfo } from '../main/contract/settings.ts'
import type { Gallery } from '../main/gallery/gallery.ts'
import { JobQueue } from '../main/queue/queue.ts'
import { createClassLister } from './class-names.ts'
import { createTokenCounter } from './count-tokens.ts'
import { createEvents, type EventListener, type Events } from './events.ts'
import { createImages, type ImageHandler } from './images.ts'
import { createAnswer, createHandlers, type AnswerCall, type ShellActions } from './ipc.ts'
import { createMaker } from './make-picture.ts'
import { openGallery, openModels, type Ground, type ModelParts } from './parts.ts'
import { studioVersion } from './paths.ts'
import { openRunStates, type RunStates } from './run-states.ts'
import { createMemoryPlanner } from './plan-memory.ts'
import { canOpenFolders, systemActions } from './shell-actions.ts'
import type { ForkStudio } from './studio-child.ts'
import { withThumbnails } from './thumbnails.ts'
import { createVerifier } from './verifier.ts'
import { openWildcards } from './wildcards.ts'

interface StudioOptions extends Ground {
  readonly shell: StudioInfo['shell']
  readonly fork?: ForkStudio
  readonly actions?: ShellActions
}

/** The running studio, as its shells serve it. */
export interface RunningStudio {
  readonly answer: AnswerCall
  readonly images: ImageHandler
  readonly subscribe: (listener: EventListener) => () => void
  /** Tells windows something of the shell's own, such as a command of its menu. */
  readonly publish: (event: EventMessage) => void
  /** Ends the run under way, which goes on at the next start, and closes everything. */
  close(): Promise<void>
}

/** How often the gallery is asked whether the command line added pictures; it costs one read of a number. */
const NOTICE_MS = 1500
const TRASH_KEPT_MS = 30 * 24 * 60 * 60 * 1000
/** Longer than a draft that names one is likely to lie. */
const UNUSED_INPUT_KEPT_MS = 30 * 24 * 60 * 60 * 1000

/**
 * Opens the whole studio over the user's data and starts working through its queue.
 * @throws StudioError disk-full; internal for a database of a newer studio
 */
export async function openStudio(options: StudioOptions): Promise<RunningStudio> {
  const { paths, logger, shell, actions = systemActions } = options
  const events = createEvents()
  const models = openModels({
    ...options,
    onSettings: events.tell('settings.changed'),
    onModels: events.tell('models.changed'),
    onParts: events.tell('parts.changed'),
    onLibrary: events.tell('models.stateChanged'),
    isLive: true,
  })
  const { settings, library, firstScan, host } = models
  // Its libraries load while the database opens.
  host.warm()
  const gallery = await openGallery({
    paths,
    logger,
    discard: actions.trashFile,
    onChange: events.tell('gallery.changed'),
  })
  const states = openRunStates(paths.runs)
  const queue = openQueue({ gallery, models, events, logger, states })
  states.forgetAllBut(queue.list().flatMap(({ id, state }) => (state === 'waiting' || state === 'running' ? [id] : [])))
  const handlers = createHandlers({
    info: () => describe(options, host.runtime),
    logsFolder: paths.logs,
    settings,
    library,
    firstScan,
    queue,
    gallery,
    verifier: createVerifier(models, gallery, queue),
    wildcards: openWildcards(paths.wildcards),
    countTokens: createTokenCounter(library, join(paths.resources, 'vocabularies')),
    classNames: createClassLister(library, join(paths.resources, 'vocabularies')),
    planMemory: createMemoryPlanner(library, () => settings.current),
    shell: actions,
  })
  const noticing = setInterval(() => {
    gallery.noticeOthers()
  }, NOTICE_MS)
  gallery.emptyTrash(Date.now() - TRASH_KEPT_MS).catch((error: unknown) => {
    logger.error('The trash was not emptied', error)
  })
  gallery.forgetInputs(Date.now() - UNUSED_INPUT_KEPT_MS).catch((error: unknown) => {
    logger.error('Unused input pictures were not removed', error)
  })
  // A job that waited for this start needs its model to be known.
  void firstScan.then(() => {
    queue.start()
  })
  logger.info(`Latent Studio ${studioVersion(paths.appRoot)} opened ${paths.data} (${shell})`)
  return {
    answer: createAnswer(handlers, logger),
    images: withThumbnails(createImages(gallery), library),
    subscribe: events.subscribe,
    publish: events.publish,
    async close() {
      clearInterval(noticing)
      // The queue notes first that its run goes on later; ending the process is what makes the run stop at once.
      const closing = queue.close()
      await models.close()
      await closing
      await gallery.close()
    },
  }
}

interface QueueOptions {
  readonly gallery: Gallery
  readonly models: ModelParts
  readonly events: Events
  readonly logger: Logger
  readonly states: RunStates
}

function openQueue({ gallery, models, events, logger, states }: QueueOptions): JobQueue {
  const tellPreview = events.tell('job.preview')
  const makePicture = createMaker({ ...models, gallery, states, settings: () => models.settings.current })
  return new JobQueue({
    store: gallery.jobStore(),
    logger,
    run: async ({ id: jobId, request }, listeners) => {
      const onPreview = (step: number, dataUrl: string): void => {
        tellPreview({ jobId, step, dataUrl })
      }
      // Disk and processor are the picture's.
      models.library.holdDigests(true)
      try {
        return (await makePicture(jobId, request, { ...listeners, onPreview })).id
      } finally {
        models.library.holdDigests(false)
      }
    },
    onChange: events.tell('job.changed'),
    onRemoved: events.tell('jobs.removed'),
  })
}

function describe({ paths, shell }: StudioOptions, runtime: string): StudioInfo {
  return {
    version: studioVersion(paths.appRoot),
    shell,
    platform: process.platform,
    // The process that computes says which one it has as soon as it is up.
    runtime: runtime === '' ? 'onnxruntime-node' : runtime,
    galleryFolder: paths.gallery,
    dataFolder: paths.data,
    canChooseFolder: shell === 'desktop',
    canRevealFile: shell === 'desktop' || canOpenFolders(),
  }
}
