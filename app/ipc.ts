import type * as z from 'zod'
import { calls, type CallName, type CallOutput, type CallInput, type Handlers } from '../main/contract/calls.ts'
import { StudioError, toFailure, type Failure, type Logger } from '../main/contract/failure.ts'
import { parseInput } from './parse.ts'

/** What goes back over the wire: the handler's value, or why there is none. */
export type Answer = { readonly ok: unknown } | { readonly failure: Failure }
export type AnswerCall = (name: string, input: unknown) => Promise<Answer>

/** The one way into the handlers, for every shell: is the call known, is its input valid, then run it. Never rejects. */
export function createAnswer(handlers: Handlers, logger: Logger): AnswerCall {
  return async (name, input) => {
    try {
      if (!isCallName(name)) throw new StudioError('not-found', `expected a call of the studio, found "${name}"`)
      return { ok: await runCall(handlers, name, input) }
    } catch (error) {
      const failure = toFailure(error)
      if (failure.code === 'internal') logger.error(`${name} failed`, error)
      return { failure }
    }
  }
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name)
}

// The contract's table again, in the form in which the compiler can follow one name through schema and handler.
const table: { readonly [N in CallName]: { readonly input: z.ZodType<CallInput<N>> } } = calls

async function runCall<N extends CallName>(handlers: Handlers, name: N, input: unknown): Promise<CallOutput<N>> {
  return await handlers[name](parseInput(table[name].input, input))
}
