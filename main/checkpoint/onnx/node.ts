import { wireFields } from './wire.ts'

const utf8 = new TextDecoder()

/** Graphs inside of nodes inside of graphs: more is no network. */
const MAX_DEPTH = 8

/**
 * What the studio refuses in a NodeProto: operators of foreign domains, weights that a constant keeps in other
 * files. Null when sound.
 */
export function checkNode(bytes: Uint8Array, domains: ReadonlySet<string>, depth = 0): string | null {
  if (depth > MAX_DEPTH) return `expected graphs at most ${MAX_DEPTH} deep, found deeper ones`
  let type = ''
  let domain = ''
  const inner: (string | null)[] = []
  for (const { number, start, end } of wireFields(bytes)) {
    const content = bytes.subarray(start, end)
    if (number === 4) type = utf8.decode(content)
    if (number === 7) domain = utf8.decode(content)
    if (number === 5) inner.push(checkAttribute(content, domains, depth))
  }
  if (!domains.has(domain)) {
    return `expected operators of ONNX or of the runtime, found ${type} of "${domain}"`
  }
  return inner.find((fault) => fault !== null) ?? null
}

function checkAttribute(bytes: Uint8Array, domains: ReadonlySet<string>, depth: number): string | null {
  for (const { number, start, end } of wireFields(bytes)) {
    const content = bytes.subarray(start, end)
    const isTensor = number === 5 || number === 10
    const isGraph = number === 6 || number === 11
    const fault = isTensor ? checkTensor(content) : isGraph ? checkGraph(content, domains, depth) : null
    if (fault !== null) return fault
  }
  return null
}

function checkGraph(bytes: Uint8Array, domains: ReadonlySet<string>, depth: number): string | null {
  for (const { number, start, end } of wireFields(bytes)) {
    const content = bytes.subarray(start, end)
    const fault = number === 1 ? checkNode(content, domains, depth + 1) : number === 5 ? checkTensor(content) : null
    if (fault !== null) return fault
  }
  return null
}

function checkTensor(bytes: Uint8Array): string | null {
  const isExternal = wireFields(bytes).some(({ number, value }) => number === 13 || (number === 14 && value === 1n))
  return isExternal ? `expected an operator's constant in the graph, found it in another file` : null
}
