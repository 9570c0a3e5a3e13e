import type * as z from 'zod'

type SqlValue = string | number | null

/** How one field of a record is written to and read from its column. */
interface Column<V> {
  readonly name: string
  readonly toSql: (value: V) => SqlValue
  readonly fromSql: (value: unknown) => unknown
}

export type Columns<T> = { readonly [F in keyof T]-?: Column<T[F]> }

/** A column that holds the field as it is. */
export function plain<V extends SqlValue>(name: string): Column<V> {
  return { name, toSql: (value) => value, fromSql: (value) => value }
}

/** A column that holds NULL where the record lacks the field. */
export function optional<V extends SqlValue>(name: string): Column<V | undefined> {
  return { name, toSql: (value) => value ?? null, fromSql: (value) => value ?? undefined }
}

/** A column that holds 1 for true. */
export function flag(name: string): Column<boolean> {
  return { name, toSql: (value) => (value ? 1 : 0), fromSql: (value) => value === 1 }
}

/** A column that holds the field as JSON. */
export function json<V extends object | null>(name: string): Column<V> {
  return { name, toSql: (value) => (value === null ? null : JSON.stringify(value)), fromSql: fromJson }
}

/** The statements and the row mapping of a table; its list of columns is the only one there is. */
export interface Table<T> {
  /** `a, b, c` */
  readonly columns: string
  /** INSERT of one record by named parameters. */
  readonly insert: string
  /** UPDATE of one record, found by its `id`. */
  readonly update: string
  readonly toRow: (record: T) => Record<string, SqlValue>
  /** The record of a row, or what the schema found wrong with it. */
  readonly parse: (row: unknown) => z.ZodSafeParseResult<T>
}

/** A table of records: `columns` has one entry a field, and `schema` parses what comes back from the disk. */
export function table<T extends object>(name: string, columns: Columns<T>, schema: z.ZodType<T>): Table<T> {
  const fields = Object.entries(columns) as [keyof T & string, Column<unknown>][]
  const names = fields.map(([, column]) => column.name)
  return {
    columns: names.join(', '),
    insert: `INSERT INTO ${name} (${names.join(', ')}) VALUES (${names.map((column) => `@${column}`).join(', ')})`,
    update: `UPDATE ${name} SET ${names.map((column) => `${column} = @${column}`).join(', ')} WHERE id = @id`,
    toRow: (record) => Object.fromEntries(fields.map(([field, column]) => [column.name, column.toSql(record[field])])),
    parse: (row) => {
      const found = row as Readonly<Record<string, unknown>>
      return schema.safeParse(
        Object.fromEntries(fields.map(([field, column]) => [field, column.fromSql(found[column.name])])),
      )
    },
  }
}

// Text that is no JSON becomes undefined, which no schema of these tables takes.
function fromJson(text: unknown): unknown {
  if (text === null) return null
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
