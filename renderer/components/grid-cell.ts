/** The id of the grid's cell that an event is in. */
export function cellIdOf({ target }: Event): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>('[data-cell]')?.dataset['cell'] : undefined
}
