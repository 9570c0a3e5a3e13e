/** A titled run of cells; a grid without titles is one section with an empty title. */
export interface GridSection {
  readonly title: string
  readonly count: number
}

interface GridShape {
  readonly sections: readonly GridSection[]
  readonly columns: number
  /** Side of a square cell. */
  readonly cellPx: number
  readonly gapPx: number
  readonly titlePx: number
}

export interface GridRow {
  /** Counted through all sections. */
  readonly index: number
  readonly topPx: number
  /** The cells in it: from `start` up to but without `end`. */
  readonly start: number
  readonly end: number
}

export interface GridTitle {
  readonly text: string
  readonly topPx: number
}

/** What is at the top of a scrolled grid: a cell, and how far the top edge lies below the cell's own. */
export interface GridPlace {
  readonly id: string
  readonly offsetPx: number
}

interface Band {
  readonly title: string
  readonly topPx: number
  readonly cellsTopPx: number
  readonly start: number
  readonly count: number
  readonly firstRow: number
  readonly rows: number
}

/** Where everything lies in a grid of equal cells: position is arithmetic, whatever the number of cells. */
export class GridLayout {
  readonly heightPx: number
  readonly rowCount: number
  readonly columns: number
  readonly #shape: GridShape
  readonly #bands: readonly Band[]

  constructor(shape: GridShape) {
    this.#shape = shape
    this.columns = shape.columns
    const bands: Band[] = []
    let topPx = 0
    let start = 0
    let firstRow = 0
    for (const { title, count } of shape.sections) {
      if (count === 0) continue
      const rows = Math.ceil(count / shape.columns)
      const cellsTopPx = topPx + (title === '' ? 0 : shape.titlePx)
      bands.push({ title, topPx, cellsTopPx, start, count, firstRow, rows })
      topPx = cellsTopPx + rows * this.rowPx
      start += count
      firstRow += rows
    }
    this.#bands = bands
    this.rowCount = firstRow
    this.heightPx = Math.max(0, topPx - shape.gapPx)
  }

  /** A cell and the gap below it. */
  get rowPx(): number {
    return this.#shape.cellPx + this.#shape.gapPx
  }

  get titles(): readonly GridTitle[] {
    return this.#bands.filter((band) => band.title !== '').map((band) => ({ text: band.title, topPx: band.topPx }))
  }

  /** The rows that touch a stretch of the scrolled height. */
  rowsBetween(fromPx: number, toPx: number): readonly GridRow[] {
    return this.#bands.flatMap((band) => {
      const first = Math.max(0, Math.floor((fromPx - band.cellsTopPx) / this.rowPx))
      const last = Math.min(band.rows - 1, Math.floor((toPx - band.cellsTopPx) / this.rowPx))
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, offset) => this.#row(band, first + offset))
    })
  }

  /** The row a cell is in. */
  rowOf(index: number): GridRow | undefined {
    const band = this.#bandOf(index)
    return band && this.#row(band, Math.floor((index - band.start) / this.columns))
  }

  /** Top left corner of a cell. */
  cellAt(index: number): { leftPx: number; topPx: number } {
    const band = this.#bandOf(index)
    if (!band) return { leftPx: 0, topPx: 0 }
    const place = index - band.start
    return {
      leftPx: (place % this.columns) * this.rowPx,
      topPx: band.cellsTopPx + Math.floor(place / this.columns) * this.rowPx,
    }
  }

  /** The cell in the same column `rows` further down (or up, when negative), or the nearest there is. */
  below(index: number, rows: number): number {
    const band = this.#bandOf(index)
    if (!band) return index
    const column = (index - band.start) % this.columns
    const row = band.firstRow + Math.floor((index - band.start) / this.columns) + rows
    const clamped = Math.min(this.rowCount - 1, Math.max(0, row))
    const target = this.#bands.findLast((other) => other.firstRow <= clamped) ?? band
    const { start, end } = this.#row(target, clamped - target.firstRow)
    return Math.min(start + column, end - 1)
  }

  #bandOf(index: number): Band | undefined {
    return this.#bands.findLast((band) => band.start <= index)
  }

  #row(band: Band, row: number): GridRow {
    const start = band.start + row * this.columns
    const end = Math.min(start + this.columns, band.start + band.count)
    return { index: band.firstRow + row, topPx: band.cellsTopPx + row * this.rowPx, start, end }
  }
}
