import { shellDescription } from './shells.ts'

/** Says, before the first test, which shell the suite runs on. */
export default function announce(): void {
  console.log(shellDescription())
}
