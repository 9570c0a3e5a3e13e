import { wireFields } from '../../checkpoint/onnx/wire.ts'
import { WireMessage } from './wire.ts'

const utf8 = new TextDecoder()

/** Field numbers of NodeProto and AttributeProto. */
const NODE = { input: 1, output: 2, attribute: 5 } as const
const ATTRIBUTE = { graph: 6, graphs: 11 } as const
const GRAPH_NODE = 1

/** A NodeProto with the values it takes and gives renamed, also where graphs inside of it take them. */
export function renamedNode(bytes: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array {
  return rewritten(bytes, (number, content) => {
    if (number === NODE.attribute) return renamedAttribute(content, names)
    const next = number === NODE.input || number === NODE.output ? names.get(utf8.decode(content)) : undefined
    return next === undefined ? content : new TextEncoder().encode(next)
  })
}

function renamedAttribute(bytes: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array {
  const graph = (number: number, node: Uint8Array) => (number === GRAPH_NODE ? renamedNode(node, names) : node)
  return rewritten(bytes, (number, content) =>
    number === ATTRIBUTE.graph || number === ATTRIBUTE.graphs ? rewritten(content, graph) : content,
  )
}

/** The message with the contents of its fields as `change` makes them; those it leaves alone are copied as they are. */
function rewritten(bytes: Uint8Array, change: (number: number, content: Uint8Array) => Uint8Array): Uint8Array {
  const message = new WireMessage()
  let at = 0
  for (const { number, start, end } of wireFields(bytes)) {
    const content = bytes.subarray(start, end)
    const changed = change(number, content)
    if (changed === content) message.fields(bytes.subarray(at, end))
    else message.bytes(number, changed)
    at = end
  }
  return message.finish()
}

/** A NodeProto's operator, its first input and output, and the data type its attribute `dtype` asks for. */
export function nodeFacts(bytes: Uint8Array): { type: string; input: string; output: string; dtype: number | null } {
  let [type, input, output] = ['', '', '']
  let dtype: number | null = null
  for (const { number, start, end } of wireFields(bytes)) {
    const content = bytes.subarray(start, end)
    if (number === 4) type = utf8.decode(content)
    if (number === NODE.input && input === '') input = utf8.decode(content)
    if (number === NODE.output && output === '') output = utf8.decode(content)
    if (number === NODE.attribute) dtype ??= dtypeOf(content)
  }
  return { type, input, output, dtype }
}

function dtypeOf(bytes: Uint8Array): number | null {
  const fields = wireFields(bytes)
  const name = fields.find(({ number }) => number === 1)
  if (!name || utf8.decode(bytes.subarray(name.start, name.end)) !== 'dtype') return null
  return Number(fields.find(({ number }) => number === 3)?.value ?? 0n)
}
