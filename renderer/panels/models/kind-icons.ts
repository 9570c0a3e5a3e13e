import type { LucideIcon } from '@lucide/svelte'
import ApertureIcon from '@lucide/svelte/icons/aperture'
import BoxIcon from '@lucide/svelte/icons/box'
import EyeIcon from '@lucide/svelte/icons/eye'
import ImageIcon from '@lucide/svelte/icons/image'
import LayersIcon from '@lucide/svelte/icons/layers'
import QuoteIcon from '@lucide/svelte/icons/quote'
import SplineIcon from '@lucide/svelte/icons/spline'
import WaypointsIcon from '@lucide/svelte/icons/waypoints'
import type { LibraryKind } from '../../state/library-view.svelte.ts'

/** A sign for each kind, where there is no picture. */
export const kindIcons = {
  model: BoxIcon,
  autoencoder: ApertureIcon,
  lora: LayersIcon,
  embedding: QuoteIcon,
  controlnet: SplineIcon,
  'ip-adapter': ImageIcon,
  'image-encoder': EyeIcon,
  unet: WaypointsIcon,
} satisfies Record<LibraryKind, LucideIcon>
