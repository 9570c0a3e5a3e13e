import type { Attachment } from 'svelte/attachments'

/** Pixels of a sideways drag that make one step. */
const PX_A_STEP = 6

/** Pixels before a press becomes a drag; below, it is a click that puts the caret. */
const SLOP_PX = 3

/** Turns a sideways drag over an input that is not being edited into steps; Shift makes each ten. */
export function scrubbing(moveBy: (steps: number) => void): Attachment<HTMLInputElement> {
  return (input) => {
    let startX = 0
    let stepsTaken = 0
    let isDragging = false

    function press(event: PointerEvent): void {
      if (event.button !== 0 || input.disabled || document.activeElement === input) return
      // Focus waits until it is known to be a click.
      event.preventDefault()
      startX = event.clientX
      stepsTaken = 0
      isDragging = false
      input.setPointerCapture(event.pointerId)
    }

    function drag(event: PointerEvent): void {
      if (!input.hasPointerCapture(event.pointerId)) return
      const distance = event.clientX - startX
      isDragging ||= Math.abs(distance) > SLOP_PX
      const steps = isDragging ? Math.trunc(distance / PX_A_STEP) : 0
      if (steps === stepsTaken) return
      moveBy((steps - stepsTaken) * (event.shiftKey ? 10 : 1))
      stepsTaken = steps
    }

    function release(event: PointerEvent): void {
      if (!input.hasPointerCapture(event.pointerId)) return
      input.releasePointerCapture(event.pointerId)
      if (!isDragging) input.focus()
    }

    input.addEventListener('pointerdown', press)
    input.addEventListener('pointermove', drag)
    input.addEventListener('pointerup', release)
    return () => {
      input.removeEventListener('pointerdown', press)
      input.removeEventListener('pointermove', drag)
      input.removeEventListener('pointerup', release)
    }
  }
}

/** Turns the wheel over a focused input into steps, and keeps the page from scrolling meanwhile; Shift makes each ten. */
export function wheeling(moveBy: (steps: number) => void): Attachment<HTMLInputElement> {
  return (input) => {
    function turn(event: WheelEvent): void {
      if (document.activeElement !== input) return
      event.preventDefault()
      // With Shift held, browsers turn the wheel sideways.
      const delta = event.deltaY === 0 ? event.deltaX : event.deltaY
      if (delta !== 0) moveBy(-Math.sign(delta) * (event.shiftKey ? 10 : 1))
    }
    input.addEventListener('wheel', turn, { passive: false })
    return () => input.removeEventListener('wheel', turn)
  }
}
