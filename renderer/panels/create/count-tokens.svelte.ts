import type { Api, CallInput } from '../../../main/contract/calls.ts'
import type { TokenCount } from '../../../main/contract/model.ts'

const COUNT_AFTER_MS = 120

/** The token count of what `asked` returns, a moment after it changes; undefined where the model cannot count. */
export function countTokens(
  api: Api,
  asked: () => CallInput<'models.countTokens'>,
): { readonly current: TokenCount | undefined } {
  let count = $state.raw<TokenCount>()

  $effect(() => {
    // Serves the studio, which alone has the model's tokenizer.
    const input = asked()
    let isStale = false
    const take = (answer: TokenCount | undefined): void => {
      if (!isStale) count = answer
    }
    const timer = setTimeout(() => {
      // A model that cannot be read says so elsewhere; here there is just no count.
      api['models.countTokens'](input).then(take, () => take(undefined))
    }, COUNT_AFTER_MS)
    return () => {
      isStale = true
      clearTimeout(timer)
    }
  })

  return {
    get current() {
      return count
    },
  }
}
