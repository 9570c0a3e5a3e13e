import { join } from 'node:path'
import { runtimeVersion } from '../main/runtime/network.ts'
import { Studio } from '../main/studio/studio.ts'
import { studioPaths, studioVersion } from './paths.ts'
import { parentLine, serveStudio } from './studio-loop.ts'

// The process that owns the loaded networks and the denoising loop, and nothing else of the studio.
const { appRoot, resources } = studioPaths()
const studio = new Studio({
  vocabulariesFolder: join(resources, 'vocabularies'),
  appVersion: studioVersion(appRoot),
})

serveStudio(parentLine(), {
  runtime: `onnxruntime-node ${runtimeVersion}`,
  generate: (task, context) => studio.generate(task, context),
  release: () => studio.release(),
})
