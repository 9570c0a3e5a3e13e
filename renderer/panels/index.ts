import BoxIcon from '@lucide/svelte/icons/box'
import ImagesIcon from '@lucide/svelte/icons/images'
import ListIcon from '@lucide/svelte/icons/list-ordered'
import SettingsIcon from '@lucide/svelte/icons/settings-2'
import SparklesIcon from '@lucide/svelte/icons/wand-sparkles'
import Gallery from '../gallery/Gallery.svelte'
import Create from './create/Create.svelte'
import Models from './models/Models.svelte'
import Queue from './queue/Queue.svelte'
import Settings from './settings/Settings.svelte'

/** The rooms in the order of the rail. */
export const rooms = [
  { id: 'create', title: 'Create', icon: SparklesIcon, component: Create, keys: 'Mod+1' },
  { id: 'gallery', title: 'Gallery', icon: ImagesIcon, component: Gallery, keys: 'Mod+2' },
  { id: 'queue', title: 'Queue', icon: ListIcon, component: Queue, keys: 'Mod+3' },
  { id: 'models', title: 'Models', icon: BoxIcon, component: Models, keys: 'Mod+4' },
  { id: 'settings', title: 'Settings', icon: SettingsIcon, component: Settings, keys: 'Mod+5' },
] as const
