import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../main/contract/failure.ts'
import type { GalleryChange } from '../main/contract/image.ts'
import type { LibraryState, ModelSummary } from '../main/contract/model.ts'
import type { PartSummary } from '../main/contract/part.ts'
import type { Settings } from '../main/contract/settings.ts'
import { Gallery } from '../main/gallery/gallery.ts'
import { readParameters } from '../main/image/parameters.ts'
import { readPicture, writeThumbnail } from '../main/image/picture.ts'
import { Library } from '../main/library/library.ts'
import { studioVersion, type StudioPaths } from './paths.ts'
import { SettingsStore } from './settings.ts'
import { systemActions } from './shell-actions.ts'
import { forkNode, type ForkStudio } from './studio-child.ts'
import { StudioHost } from './studio-host.ts'

/** What every part stands on. */
export interface Ground {
  readonly paths: StudioPaths
  readonly logger: Logger
}

interface ModelOptions extends Ground {
  /** Models for this time only: their folders or files. */
  readonly guests?: readonly string[]
  /** How the studio process is started; Node's way unless told otherwise. */
  readonly fork?: ForkStudio
  readonly onSettings?: (settings: Settings) => void
  readonly onModels?: (models: ModelSummary[]) => void
  readonly onParts?: (parts: PartSummary[]) => void
  readonly onLibrary?: (state: LibraryState) => void
  /** A studio that stays watches its folders and computes digests; a command looks once. */
  readonly isLive?: boolean
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
  const { paths, logger, guests = [], fork = forkNode, onSettings, isLive = false } = options
  mkdirSync(paths.models, { recursive: true })
  const settings = new SettingsStore(paths.settingsFile, logger, onSettings)
  const unkept = [paths.models, ...guests]
  const library = new Library({
    builtInFolder: join(paths.resources, 'models', 'starter'),
    folders: [...unkept, ...settings.current.modelFolders],
    logger,
    memoryFile: join(paths.data, 'library.json'),
    version: studioVersion(paths.appRoot),
    isLive,
    ...(options.onLibrary ? { onState: options.onLibrary } : {}),
    onChange: ({ models, parts, folders }) => {
      const modelFolders = folders.filter((folder) => !unkept.includes(folder))
      if (!isDeepStrictEqual(modelFolders, settings.current.modelFolders)) settings.change({ modelFolders })
      options.onModels?.(models)
      options.onParts?.(parts)
    },
  })
  const host = new StudioHost({ entry: paths.studioProcess, fork, logger })
  const firstScan = library.refresh().catch((error: unknown) => {
    logger.error('The models could not be looked through', error)
  })
  return {
    settings,
    library,
    firstScan,
    host,
    close: () => Promise.all([library.close(), host.close()]).then(() => undefined),
  }
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
