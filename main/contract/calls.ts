import * as z from 'zod'
import { EnqueueInput, Job, JobId, JobPreview } from './job.ts'
import { GalleryChange, GalleryFilter, ImageId, ImageRecord, InputImage } from './image.ts'
import { ControlPicture, InputId, ModelId, PromptStyleId } from './generation.ts'
import { MemoryPlan, PlanInput } from './memory.ts'
import { LibraryState, ModelSummary, TokenCount } from './model.ts'
import { PartSummary } from './part.ts'
import { Recipe } from './recipe.ts'
import { Settings, SettingsPatch, StudioInfo } from './settings.ts'
import { Verification } from './verification.ts'

const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output })
const Nothing = z.undefined()

/** Every call the window can make: what goes in, what comes back. The one truth for names, types and validation. */
export const calls = {
  'studio.info': call(Nothing, StudioInfo),
  'settings.get': call(Nothing, Settings),
  'settings.change': call(SettingsPatch, Settings),
  'models.list': call(Nothing, z.array(ModelSummary)),
  'models.refresh': call(Nothing, z.array(ModelSummary)),
  'models.addFolder': call(z.string().min(1).max(4096), z.array(ModelSummary)),
  'models.removeFolder': call(z.string().min(1).max(4096), z.array(ModelSummary)),
  'models.countTokens': call(
    z.object({ model: ModelId, text: z.string().max(20_000), style: PromptStyleId.optional() }),
    TokenCount,
  ),
  /** What the classes of a model are called, in the order of their numbers; none where it is told words, or nobody knows. */
  'models.classNames': call(ModelId, z.array(z.string())),
  /** How memory would be gone about for a picture, before anything is loaded. */
  'models.plan': call(PlanInput, MemoryPlan),
  /** Moves the file of a model or part, and the files that tell about it, to the system's trash. */
  'models.trashFile': call(ModelId, Nothing),
  'models.state': call(Nothing, LibraryState),
  /** Stops the computing of digests, or has it go on. */
  'models.pauseDigests': call(z.boolean(), Nothing),
  /** Files that join a model. */
  'parts.list': call(Nothing, z.array(PartSummary)),

  /** Names of the wildcard files that a template may call. */
  'prompts.wildcards': call(Nothing, z.array(z.string())),

  'queue.list': call(Nothing, z.array(Job)),
  'queue.enqueue': call(EnqueueInput, z.array(JobId)),
  'queue.cancel': call(JobId, Nothing),
  'queue.cancelAll': call(Nothing, Nothing),
  'queue.retry': call(JobId, JobId),
  'queue.clearFinished': call(Nothing, Nothing),
  'gallery.ids': call(GalleryFilter, z.array(ImageId)),
  'gallery.details': call(z.array(ImageId).max(200), z.array(ImageRecord)),
  'gallery.star': call(z.object({ ids: z.array(ImageId).max(1000), isStarred: z.boolean() }), Nothing),
  'gallery.trash': call(z.array(ImageId).max(1000), Nothing),
  'gallery.restore': call(z.array(ImageId).max(1000), Nothing),
  'gallery.reveal': call(ImageId, Nothing),
  'gallery.useAsInput': call(ImageId, InputImage),
  /** What the picture was made with, as the text of its file's `parameters` chunk. */
  'gallery.parameters': call(ImageId, z.string()),
  /** Makes the picture again and compares the two; refused while a picture is made. */
  'gallery.verify': call(ImageId, Verification),
  'gallery.cancelVerify': call(Nothing, Nothing),
  /** How an input picture was made, if it tells: it may be another program's. */
  'inputs.recipe': call(InputId, Recipe.nullable()),
  /** What a control would be shown of its picture, as a data URL of a PNG of at most 512 px a side. */
  'controls.preview': call(ControlPicture, z.string()),
  'shell.chooseFolder': call(Nothing, z.string().nullable()),
  'shell.openLogs': call(Nothing, Nothing),
} as const

/** What the studio tells the window, unasked. */
export const events = {
  'job.changed': Job,
  'jobs.removed': z.array(JobId),
  'job.preview': JobPreview,
  'gallery.changed': GalleryChange,
  'models.changed': z.array(ModelSummary),
  'parts.changed': z.array(PartSummary),
  'models.stateChanged': LibraryState,
  'settings.changed': Settings,
  /** A command of the shell's menu, by name; the window runs what it knows. */
  'shell.command': z.string(),
} as const

export type Calls = typeof calls
export type CallName = keyof Calls
export type CallInput<N extends CallName> = z.infer<Calls[N]['input']>
export type CallOutput<N extends CallName> = z.infer<Calls[N]['output']>

export type Events = typeof events
export type EventName = keyof Events
export type EventPayload<N extends EventName> = z.infer<Events[N]>

/** The answering side: one function a call. */
export type Handlers = { [N in CallName]: (input: CallInput<N>) => CallOutput<N> | Promise<CallOutput<N>> }

/** The asking side: the same table as promises. */
export type Api = { [N in CallName]: (input: CallInput<N>) => Promise<CallOutput<N>> }

/** What crosses the wire for a call; one without input comes without the field, for JSON has no undefined. */
export const CallMessage = z.object({ name: z.string(), input: z.unknown().optional() })
export type EventMessage = { [N in EventName]: { name: N; payload: EventPayload<N> } }[EventName]
