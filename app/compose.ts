import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { EventMessage } from '../main/contract/calls.ts'
import type { Logger } from '../main/contract/failure.ts'
import type { GalleryChange } from '../main/contract/image.ts'
import type { ModelSummary } from '../main/contract/model.ts'
import type { Settings, StudioInfo } from '../main/contract/settings.ts'
import { Gallery } from '../main/gallery/gallery.ts'
import { readParameters } from '../main/image/parameters.ts'
import { readPicture, writeThumbnail } from '../main/image/picture.ts'
import { Library } from '../main/library/library.ts'
import { JobQueue } from '../main/queue/queue.ts'
import { createTokenCounter } from './count-tokens.ts'
import { createEvents, type EventListener, type Events } from './events.ts'
import { createImages, type ImageHandler } from './images.ts'
import { createAnswer, createHandlers, type AnswerCall, type ShellActions } from './ipc.ts'
import { createMaker } from './make-picture.ts'
import { studioVersion, type StudioPaths } from './paths.ts'
import { SettingsStore } from './settings.ts'
import { canOpenFolders, systemActions } from './shell-actions.ts'
import { forkNode, type ForkStudio } from './studio-child.ts'
import { StudioHost } from './studio-host.ts'

interface Ground {
  readonly paths: StudioPaths
  readonly logger: Logger
}

interface ModelOptions extends Ground {
  /** How the studio process is started; Node's way unless told otherwise. */
  readonly fork?: ForkStudio
  readonly onSettings?: (settings: Settings) => void
  readonly onModels?: (models: ModelSummary[]) => void
}

/** What making pictures needs, without a place to keep them. */
export interface ModelParts {
  readonly settings: SettingsStore
  readonly library: Library
  /** Settles when the library has looked once. */
  readonly firstScan: Promise<unknown>
  readonly host: StudioHost
  close(): Promise<void>
}

/** The settings, the models, and the host of the studio process, which starts with the first run. */
export function openModels(options: ModelOptions): ModelParts {
  const { paths, logger, fork = forkNode, onSettings, onModels } = options
  mkdirSync(paths.models, { recursive: true })
  const settings = new SettingsStore(paths.settingsFile, logger, onSettings)
  const library = new Library({
    builtInFolder: join(paths.resources, 'models', 'starter'),
    folders: [paths.models, ...settings.current.modelFolders],
    logger,
    onChange: ({ models, folders }) => {
      const modelFolders = folders.filter((folder) => folder !== paths.models)
      if (!isDeepStrictEqual(modelFolders, settings.current.modelFolders)) settings.change({ modelFolders })
      onModels?.(models)
    },
  })
  const host = new StudioHost({ entry: paths.studioProcess, fork, logger })
  return { settings, library, firstScan: library.refresh(), host, close: () => host.close() }
}

interface GalleryOptions extends Ground {
  readonly onChange?: (change: GalleryChange) => void
  /** What becomes of a file when the trash is emptied; the system's trash unless told otherwise. */
  readonly discard?: (path: string) => Promise<void>
}

/** The user's gallery. @throws StudioError disk-full, internal */
export function openGallery({
  paths,
  logger,
  onChange,
  discard = systemActions.trashFile,
}: GalleryOptions): Promise<Gallery> {
  return Gallery.open({
    galleryFolder: paths.gallery,
    dataFolder: paths.data,
    logger,
    readEmbedded: async (path) => (await readParameters(path)).studio,
    describe: readPicture,
    makeThumbnail: async (from, to) => {
      await writeThumbnail(from, to)
    },
    discard,
    ...(onChange === undefined ? {} : { onChange }),
  })
}

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

/**
 * Opens the whole studio over the user's data and starts working through its queue.
 * @throws StudioError disk-full; internal for a database of a newer studio
 */
export async function openStudio(options: StudioOptions): Promise<RunningStudio> {
  const { paths, logger, shell, actions = systemActions } = options
  const events = createEvents()
  const models = openModels({
    ...options,
    onSettings: (payload) => {
      events.publish({ name: 'settings.changed', payload })
    },
    onModels: (payload) => {
      events.publish({ name: 'models.changed', payload })
    },
  })
  const { settings, library, firstScan, host } = models
  // Its libraries load while the database opens.
  host.warm()
  const gallery = await openGallery({
    paths,
    logger,
    discard: actions.trashFile,
    onChange: (payload) => {
      events.publish({ name: 'gallery.changed', payload })
    },
  })
  const queue = openQueue({ gallery, models, events, logger })
  const handlers = createHandlers({
    info: () => describe(options, host.runtime),
    logsFolder: paths.logs,
    settings,
    library,
    firstScan,
    queue,
    gallery,
    countTokens: createTokenCounter(library, join(paths.resources, 'vocabularies')),
    shell: actions,
  })
  const noticing = setInterval(() => {
    gallery.noticeOthers()
  }, NOTICE_MS)
  gallery.emptyTrash(Date.now() - TRASH_KEPT_MS).catch((error: unknown) => {
    logger.error('The trash was not emptied', error)
  })
  // A job that waited for this start needs its model to be known.
  void firstScan.then(() => {
    queue.start()
  })
  logger.info(`Latent Studio ${studioVersion(paths.appRoot)} opened ${paths.data} (${shell})`)
  return {
    answer: createAnswer(handlers, logger),
    images: createImages(gallery),
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
}

function openQueue({ gallery, models, events, logger }: QueueOptions): JobQueue {
  const makePicture = createMaker({ ...models, gallery, settings: () => models.settings.current })
  return new JobQueue({
    store: gallery.jobStore(),
    logger,
    run: async ({ id: jobId, request }, listeners) => {
      const record = await makePicture(jobId, request, {
        ...listeners,
        onPreview: (step, dataUrl) => {
          events.publish({ name: 'job.preview', payload: { jobId, step, dataUrl } })
        },
      })
      return record.id
    },
    onChange: (payload) => {
      events.publish({ name: 'job.changed', payload })
    },
    onRemoved: (payload) => {
      events.publish({ name: 'jobs.removed', payload })
    },
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
