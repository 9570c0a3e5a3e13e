import type { Attachment } from 'svelte/attachments'
import type { MaskPainter } from '../../state/mask-painter.svelte.ts'
import type { Point, Size } from './fitting.ts'

const LINE_PX = 16
const LEFT = 0
const MIDDLE = 1
/** Of the brush, with each press of an arrow key. */
const KEY_SHARE = 0.5

/** The hand on the mask's stage, by mouse, pen, touch or keys. Points are the stage's, in CSS pixels. */
export function painting(mask: () => MaskPainter, toPicture: (at: Point) => Point) {
  let at = $state.raw<Point>()
  let isDown = $state(false)
  let grip = $state.raw<Point>()
  let wantsPan = $state(false)

  function drawTo(point: Point, pressure = 1): void {
    at = point
    mask().draw(toPicture(point), pressure)
  }

  function lift(): void {
    grip = undefined
    if (!isDown) return
    isDown = false
    mask().end()
  }

  const attach: Attachment<HTMLElement> = (element) => {
    const pointOf = ({ clientX, clientY }: MouseEvent): Point => {
      const { left, top } = element.getBoundingClientRect()
      return { x: clientX - left, y: clientY - top }
    }

    function press(event: PointerEvent): void {
      if (event.button !== LEFT && event.button !== MIDDLE) return
      // The middle button would scroll.
      if (event.button === MIDDLE) event.preventDefault()
      element.setPointerCapture(event.pointerId)
      if (event.button === MIDDLE || wantsPan) {
        grip = pointOf(event)
        return
      }
      isDown = true
      drawTo(pointOf(event), pressureOf(event))
    }

    function move(event: PointerEvent): void {
      const point = pointOf(event)
      if (grip) {
        mask().zoom.pan(point.x - grip.x, point.y - grip.y)
        grip = point
      } else if (isDown && element.hasPointerCapture(event.pointerId)) {
        // A fast hand moves further than one event a frame can tell.
        const passed = event.getCoalescedEvents()
        for (const part of passed.length > 0 ? passed : [event]) drawTo(pointOf(part), pressureOf(part))
      }
      at = point
    }

    function leave(): void {
      if (!isDown) at = undefined
    }

    function turn(event: WheelEvent): void {
      event.preventDefault()
      const { width, height } = element.getBoundingClientRect()
      const { x, y } = pointOf(event)
      const deltaPx = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1)
      // A pinch arrives as a wheel with Ctrl, in much smaller steps.
      mask().zoom.by(Math.exp(-deltaPx * (event.ctrlKey ? 0.01 : 0.0016)), { x: x - width / 2, y: y - height / 2 })
    }

    const listening = new AbortController()
    const { signal } = listening
    element.addEventListener('pointerdown', press, { signal })
    element.addEventListener('pointermove', move, { signal })
    element.addEventListener('pointerup', lift, { signal })
    element.addEventListener('pointercancel', lift, { signal })
    element.addEventListener('pointerleave', leave, { signal })
    element.addEventListener('wheel', turn, { signal, passive: false })
    return () => {
      listening.abort()
      lift()
    }
  }

  return {
    attach,
    get at() {
      return at
    },
    get isDown() {
      return isDown
    },
    get isPanning() {
      return wantsPan || grip !== undefined
    },

    /** While held, the pointer moves the picture. */
    holdPan(isHeld: boolean): void {
      wantsPan = isHeld
    },

    /** Moves the brush by half its size, from the middle of the stage at first. */
    moveByKey(right: number, down: number, stage: Size, brush: Size): void {
      const from = at ?? { x: stage.width / 2, y: stage.height / 2 }
      const to = {
        x: Math.min(stage.width, Math.max(0, from.x + right * Math.max(1, brush.width * KEY_SHARE))),
        y: Math.min(stage.height, Math.max(0, from.y + down * Math.max(1, brush.height * KEY_SHARE))),
      }
      if (isDown) drawTo(to)
      else at = to
    },

    /** Puts the brush down where it is, or lifts it; says which. */
    toggleByKey(stage: Size): string {
      if (isDown) {
        lift()
        return 'Brush lifted.'
      }
      isDown = true
      drawTo(at ?? { x: stage.width / 2, y: stage.height / 2 })
      return 'Brush down.'
    },

    /** Takes the hand off. */
    rest(): void {
      wantsPan = false
      lift()
    },
  }
}

/** A mouse has no pressure to tell. */
function pressureOf({ pointerType, pressure }: PointerEvent): number {
  return pointerType === 'pen' && pressure > 0 ? pressure : 1
}
