import type * as z from 'zod'
import { GenerationRequest } from '../../main/contract/generation.ts'

/** What is wrong with a request, by dotted field: one sentence each saying what was expected and what was found. */
export function requestProblems(request: GenerationRequest): Readonly<Record<string, string>> {
  const parsed = GenerationRequest.safeParse(request, { reportInput: true })
  if (parsed.success) return {}
  const problems: Record<string, string> = {}
  for (const issue of parsed.error.issues) problems[issue.path.join('.')] ??= sentence(issue)
  return problems
}

function sentence(issue: z.core.$ZodIssue): string {
  const found = typeof issue.input === 'number' ? issue.input.toLocaleString('en') : 'something else'
  if (issue.code === 'too_small') return `Expected ${issue.minimum.toLocaleString('en')} or more, found ${found}.`
  if (issue.code === 'too_big') {
    const limit = issue.maximum.toLocaleString('en')
    return issue.origin === 'string'
      ? `Expected at most ${limit} characters.`
      : `Expected ${limit} or less, found ${found}.`
  }
  return `${issue.message.charAt(0).toUpperCase()}${issue.message.slice(1)}.`
}
