import { createContext } from 'svelte'
import type { Studio } from './state/studio.svelte.ts'

/** The window's one `Studio`: App builds and sets it, every component below may get it. */
export const [getStudio, setStudio] = createContext<Studio>()
