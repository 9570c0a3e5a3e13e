import { tasks } from './tasks.ts'

// A process of its own for one task: node bench/child/main.ts NAME, told its input and answering over the channel.
const [name = ''] = process.argv.slice(2)
const task = Object.hasOwn(tasks, name)
  ? (tasks as Record<string, (input: never) => Promise<unknown>>)[name]
  : undefined
if (!task) throw new RangeError(`expected one of ${Object.keys(tasks).join(', ')}, found "${name}"`)

// Without a parent nobody waits for the answer.
process.on('disconnect', () => process.exit())
process.once('message', (input) => {
  void task(input as never).then((result) => {
    // Only once the answer is through may the process end.
    process.send?.(result, undefined, undefined, () => {
      process.disconnect()
    })
  })
})
