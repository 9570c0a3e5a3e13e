import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as z from 'zod'

const Area = z.object({ x: z.int(), y: z.int(), width: z.int().min(1), height: z.int().min(1) })
/** A rectangle of the desktop in device-independent pixels. */
export type Area = z.infer<typeof Area>

const WindowState = z.object({ bounds: Area, isMaximized: z.boolean(), isFullScreen: z.boolean() })
/** Where the window was when it closed; `bounds` are those it has when neither maximised nor full screen. */
export type WindowState = z.infer<typeof WindowState>

const PREFERRED = { width: 1280, height: 800 }
/** The window's smallest size; below it the panels have no room left. */
export const MINIMUM = { width: 480, height: 480 }
/** How much of the title bar must be on a screen for a person to get hold of the window. */
const GRIP = { width: 120, height: 32 }

/** The state kept in `file`, or null when there is none that can be read: a window's place is not worth an error. */
export function readWindowState(file: string): WindowState | null {
  try {
    return WindowState.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return null
  }
}

/** Keeps the state for the next start. */
export function writeWindowState(file: string, state: WindowState): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(state)}\n`)
}

/**
 * Bounds that can be reached on the screens there are now: the remembered ones, made smaller where a screen is
 * smaller, or the preferred size in the middle of the first screen when a screen has gone.
 * @param workAreas of the screens, without task bars; the primary one first
 */
export function reachableBounds(remembered: Area | undefined, workAreas: readonly Area[]): Area {
  const home = remembered && workAreas.find((area) => hasGrip(remembered, area))
  if (remembered && home) return shrunkInto(remembered, home)
  const primary = workAreas[0] ?? { x: 0, y: 0, ...PREFERRED }
  return centred(PREFERRED, primary)
}

function hasGrip(bounds: Area, area: Area): boolean {
  const visibleWidth = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x)
  const isTitleInside = bounds.y >= area.y && bounds.y + GRIP.height <= area.y + area.height
  return visibleWidth >= GRIP.width && isTitleInside
}

function shrunkInto(bounds: Area, area: Area): Area {
  return {
    ...bounds,
    width: Math.max(MINIMUM.width, Math.min(bounds.width, area.width)),
    height: Math.max(MINIMUM.height, Math.min(bounds.height, area.height)),
  }
}

function centred(size: { width: number; height: number }, area: Area): Area {
  const width = Math.min(size.width, area.width)
  const height = Math.min(size.height, area.height)
  return {
    x: area.x + Math.floor((area.width - width) / 2),
    y: area.y + Math.floor((area.height - height) / 2),
    width,
    height,
  }
}
