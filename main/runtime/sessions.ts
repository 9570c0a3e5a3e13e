import { InferenceSession } from 'onnxruntime-node'
import type { OnnxGraph, OnnxPiece } from './graph.ts'

type Values = InferenceSession.OnnxValueMapType

/** A network's sessions: one, or one for each of its pieces. */
export interface Sessions {
  run(feeds: Values): Promise<Values>
  release(): Promise<void>
}

/** The network as one session. */
export async function openWhole(graph: OnnxGraph, options: InferenceSession.SessionOptions): Promise<Sessions> {
  const session = await InferenceSession.create(graph.bytes, options)
  return { run: (feeds) => session.run(feeds), release: () => session.release() }
}

/** The network as its pieces, opened one after the other, so that only one at a time is held twice. */
export async function openPieces(
  pieces: readonly OnnxPiece[],
  outputs: readonly string[],
  options: InferenceSession.SessionOptions,
): Promise<Sessions> {
  const sessions: { session: InferenceSession; piece: OnnxPiece }[] = []
  const release = async () => {
    for (const { session } of sessions.splice(0)) await session.release()
  }
  try {
    for (const piece of pieces) sessions.push({ session: await InferenceSession.create(piece.bytes, options), piece })
  } catch (error) {
    await release()
    throw error
  }
  return {
    async run(feeds) {
      const values = new Map(Object.entries(feeds))
      for (const [i, { session, piece }] of sessions.entries()) {
        for (const [name, value] of Object.entries(await session.run(taken(values, piece)))) values.set(name, value)
        const later = new Set([...outputs, ...pieces.slice(i + 1).flatMap(({ inputs }) => inputs)])
        for (const name of values.keys()) if (!later.has(name)) values.delete(name)
      }
      return Object.fromEntries(values)
    },
    release,
  }
}

function taken(values: ReadonlyMap<string, Values[string]>, { inputs }: OnnxPiece): Values {
  return Object.fromEntries(
    inputs.map((name) => {
      const value = values.get(name)
      if (!value) throw new TypeError(`expected the value ${name}, found ${[...values.keys()].join(', ')}`)
      return [name, value]
    }),
  )
}
