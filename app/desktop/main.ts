import { app } from 'electron'
import { openStudio } from '../compose.ts'
import { createLogger } from '../log.ts'
import { studioPaths } from '../paths.ts'
import { desktopActions } from './actions.ts'
import { runDesktop } from './desktop.ts'
import { forkUtility } from './fork.ts'

const paths = studioPaths()
const logger = createLogger(paths.logs, !app.isPackaged)

// Not awaited: Electron becomes ready only after this module has run, and this waits for that.
runDesktop({
  paths,
  logger,
  open: () => openStudio({ shell: 'desktop', paths, logger, fork: forkUtility, actions: desktopActions }),
}).catch((error: unknown) => {
  logger.error('The desktop shell failed', error)
  app.exit(1)
})
