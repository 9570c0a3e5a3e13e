import envPaths from 'env-paths'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import * as z from 'zod'

/** Where everything lies. All paths are absolute; the folders under `data` are made by who uses them. */
export interface StudioPaths {
  /** The folder of package.json: the clone, or the packaged application. */
  readonly appRoot: string
  /** What ships with the studio, as real files even in a packaged application. */
  readonly resources: string
  readonly rendererFolder: string
  readonly studioProcess: string
  readonly data: string
  readonly gallery: string
  /** Pictures that others start from, by content. */
  readonly inputs: string
  readonly models: string
  /** How far jobs under way have come. */
  readonly runs: string
  /** The user's lists of words for prompts. */
  readonly wildcards: string
  readonly settingsFile: string
  readonly instanceFile: string
  readonly logs: string
}

/**
 * The studio's places for this user. LATENT_STUDIO_HOME puts all data below one folder of the caller's choice;
 * otherwise the platform's own conventions decide.
 */
export function studioPaths(env: NodeJS.ProcessEnv = process.env): StudioPaths {
  const appRoot = findAppRoot(import.meta.dirname)
  const home = env['LATENT_STUDIO_HOME']
  const platform = envPaths(process.platform === 'linux' ? 'latent-studio' : 'Latent Studio', { suffix: '' })
  const data = home ? resolve(home) : platform.data
  return {
    appRoot,
    resources: join(unpacked(appRoot), 'resources'),
    rendererFolder: join(appRoot, 'out', 'renderer'),
    studioProcess: join(appRoot, ...besideThis('studio-process')),
    data,
    gallery: join(data, 'gallery'),
    inputs: join(data, 'inputs'),
    models: join(data, 'models'),
    runs: join(data, 'runs'),
    wildcards: join(data, 'wildcards'),
    settingsFile: join(data, 'settings.json'),
    instanceFile: join(data, 'instance.json'),
    logs: home ? join(data, 'logs') : platform.log,
  }
}

/** The version package.json states. */
export function studioVersion(appRoot: string): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(appRoot, 'package.json'), 'utf8')))
    .version
}

// Native code cannot open files inside an asar archive; the packager leaves them beside it.
function unpacked(appRoot: string): string {
  return appRoot.endsWith('.asar') ? `${appRoot}.unpacked` : appRoot
}

// The same module runs from source (app/*.ts) and from the build (out/main/**/*.js).
function besideThis(name: string): string[] {
  return extname(import.meta.filename) === '.ts' ? ['app', `${name}.ts`] : ['out', 'main', `${name}.js`]
}

function findAppRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from
  const parent = dirname(from)
  if (parent === from) throw new Error(`expected package.json above ${import.meta.dirname}`)
  return findAppRoot(parent)
}
