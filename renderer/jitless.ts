import { config } from 'zod'

// The page forbids eval; without this the schemas would probe for it and the browser would log a violation.
config({ jitless: true })
