import type { Api, CallInput } from '../../../main/contract/calls.ts'
import { toFailure } from '../../../main/contract/failure.ts'
import type { TokenCount } from '../../../main/contract/model.ts'
import { sentence } from '../../names.ts'

const COUNT_AFTER_MS = 120

interface Counting {
  /** Undefined where the model cannot count. */
  readonly current: TokenCount | undefined
  /** What the prompt's style cannot read, in a sentence. */
  readonly problem: string | undefined
}

/** The token count of what `asked` returns, a moment after it changes, or what is wrong with how it is written. */
export function countTokens(api: Api, asked: () => CallInput<'models.countTokens'>): Counting {
  let count = $state.raw<TokenCount>()
  let problem = $state<string>()

  $effect(() => {
    // Serves the studio, which alone has the model's tokenizer.
    const input = asked()
    let isStale = false
    const take = (answer: TokenCount | undefined, wrong?: string): void => {
      if (isStale) return
      count = answer
      problem = wrong
    }
    const timer = setTimeout(() => {
      api['models.countTokens'](input).then(
        (answer) => take(answer),
        (error: unknown) => {
          const { field, message } = toFailure(error)
          // A model that cannot be read says so elsewhere; here there is just no count.
          take(undefined, field === 'request.prompt' ? sentence(message) : undefined)
        },
      )
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
    get problem() {
      return problem
    },
  }
}
