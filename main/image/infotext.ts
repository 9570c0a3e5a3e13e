/** Generation parameters as AUTOMATIC1111 writes them: prompt lines, negative prompt lines, a line of settings. */
export interface Infotext {
  readonly prompt: string
  readonly negativePrompt: string
  /** The settings by their labels, in order; a size is split into `Size-1` (width) and `Size-2` (height). */
  readonly fields: Readonly<Record<string, string>>
}

const NEGATIVE_PROMPT = 'Negative prompt:'
/** Fewer matches than this, and the last line is part of the prompt. */
const MIN_FIELDS = 3
/**
 * `Label: value`, a value being a JSON string or what comes before a comma. A label starts where a run of its
 * characters does, which keeps the search linear in hostile texts.
 */
const FIELD = /(?<![\p{L}\p{N}_ \-/])[ \-/]*([\p{L}\p{N}_][\p{L}\p{N}_ \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/gu

/** The text of an `Infotext`. Values that would not be read back as they are become JSON strings. */
export function formatInfotext({ prompt, negativePrompt, fields }: Infotext): string {
  const settings = Object.entries(fields).map(([label, value]) => `${label}: ${quoted(value)}`)
  const lines = [
    prompt,
    ...(negativePrompt === '' ? [] : [`${NEGATIVE_PROMPT} ${negativePrompt}`]),
    settings.join(', '),
  ]
  return lines.join('\n').trim()
}

/** What a text of generation parameters says, read as AUTOMATIC1111 does; any text is at least a prompt. */
export function parseInfotext(text: string): Infotext {
  const lines = text.trim().split('\n')
  const settings = [...(lines.at(-1) ?? '').matchAll(FIELD)]
  const hasSettings = settings.length >= MIN_FIELDS
  const { prompt, negativePrompt } = parsePrompts(hasSettings ? lines.slice(0, -1) : lines)
  const fields: [string, string][] = []
  for (const [, label = '', value = ''] of hasSettings ? settings : []) {
    if (value !== '') fields.push(...parseField(label, unquoted(value)))
  }
  return withoutOldForms({ prompt, negativePrompt, fields: Object.fromEntries(fields) })
}

function parsePrompts(lines: readonly string[]): { prompt: string; negativePrompt: string } {
  const prompt: string[] = []
  const negativePrompt: string[] = []
  let target = prompt
  for (const line of lines.map((untrimmed) => untrimmed.trim())) {
    const isNegative = line.startsWith(NEGATIVE_PROMPT)
    if (isNegative) target = negativePrompt
    const words = isNegative ? line.slice(NEGATIVE_PROMPT.length).trim() : line
    if (words !== '' || target.length > 0) target.push(words)
  }
  return { prompt: prompt.join('\n'), negativePrompt: negativePrompt.join('\n') }
}

function parseField(label: string, value: string): [string, string][] {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(value) ?? []
  if (width === undefined || height === undefined) return [[label, value]]
  return [
    [`${label}-1`, width],
    [`${label}-2`, height],
  ]
}

function quoted(value: string): string {
  return /[,:\n]/.test(value) ? JSON.stringify(value) : value
}

function unquoted(value: string): string {
  if (!value.startsWith('"') || !value.endsWith('"')) return value
  try {
    return String(JSON.parse(value))
  } catch {
    return value
  }
}

/** Texts from before 2023 name a hypernetwork beside the prompt, and as their size that of the second pass. */
function withoutOldForms(text: Infotext): Infotext {
  const { fields } = text
  const hypernetwork = fields['Hypernet']
  const strength = fields['Hypernet strength'] ?? '1.0'
  const prompt = hypernetwork === undefined ? text.prompt : `${text.prompt}<hypernet:${hypernetwork}:${strength}>`
  return { ...text, prompt, fields: firstPassSize(fields) }
}

function firstPassSize(fields: Infotext['fields']): Infotext['fields'] {
  const [firstWidth, firstHeight] = [fields['First pass size-1'], fields['First pass size-2']]
  if (firstWidth === undefined || firstHeight === undefined) return fields
  const [width, height] = [fields['Size-1'] ?? '512', fields['Size-2'] ?? '512']
  const isGiven = Number(firstWidth) > 0 && Number(firstHeight) > 0
  // Unspecified, the first pass had the picture's proportions, the area of 512 x 512, and sides that 64 divides.
  const scale = Math.sqrt((512 * 512) / (Number(width) * Number(height)))
  const side = (length: string): string => String(Math.ceil((scale * Number(length)) / 64) * 64)
  return {
    ...fields,
    'Size-1': isGiven ? firstWidth : side(width),
    'Size-2': isGiven ? firstHeight : side(height),
    'Hires resize-1': width,
    'Hires resize-2': height,
  }
}
