import type { Network } from '../runtime/network.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { EncodedText, TextEncoder } from '../text/conditioning.ts'
import type { JoinedWords } from './joined-words.ts'
import { output } from './outputs.ts'

/**
 * Chunks of tokens to what the network makes of them.
 * @param words whose vectors the network takes beside its vocabulary's
 * @param openHiding the same network, taking which tokens others attend to; asked for where some are hidden
 */
export function textEncoder(
  network: Network,
  words: JoinedWords | undefined,
  openHiding: () => Promise<Network>,
): TextEncoder {
  return async (ids, hidden) => {
    const shape = [ids.length, ids[0]?.length ?? 0]
    const feeds = {
      input_ids: { shape, data: BigInt64Array.from(ids.flat(), BigInt) },
      ...(words ? { token_vectors: words.vectors } : {}),
    }
    if (hidden) return encodedText(await (await openHiding()).run({ ...feeds, ...attended(hidden) }))
    return encodedText(await network.run(feeds))
  }
}

function encodedText(outputs: Record<string, Tensor>): EncodedText {
  return { states: output(outputs, 'context'), pooled: outputs['pooled'] ?? null }
}

function attended(hidden: readonly (readonly boolean[])[]) {
  const data = BigInt64Array.from(hidden.flat(), (isHidden) => (isHidden ? 0n : 1n))
  return { attended: { shape: [hidden.length, hidden[0]?.length ?? 0], data } }
}
