import type { Job } from '../../main/contract/job.ts'

/**
 * What a screen reader is told when a job goes from `before` to `job`: started, half-way, done, failed,
 * cancelled; undefined for every other change.
 */
export function jobNews(before: Job | undefined, job: Job): string | undefined {
  if (before?.state !== job.state) {
    if (job.state === 'running') return `Started: ${shortPrompt(job)}`
    if (job.state === 'done') return `Done: ${shortPrompt(job)}${job.note === undefined ? '' : `. ${job.note}`}`
    if (job.state === 'failed') return `Failed: ${job.failure?.message ?? 'no reason was given'}`
    if (job.state === 'cancelled' && before?.state === 'running') return 'Cancelled'
    return undefined
  }
  return !isHalfWay(before) && isHalfWay(job) ? 'Half-way' : undefined
}

function isHalfWay({ progress }: Job): boolean {
  return progress !== null && progress.steps > 1 && progress.step * 2 >= progress.steps
}

function shortPrompt({ request }: Job): string {
  if (request.prompt === '') return 'a picture without a prompt'
  return request.prompt.length > 80 ? `${request.prompt.slice(0, 79)}…` : request.prompt
}
