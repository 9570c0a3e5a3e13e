import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** `npm run notices` writes THIRD_PARTY_NOTICES: whose work the installed studio contains, and under which terms. */

const root = path.resolve(import.meta.dirname, '..')
export const noticesFile = path.join(root, 'THIRD_PARTY_NOTICES')

/** Development packages whose code the build puts into the window or the shell. */
const BUNDLED = ['svelte', 'bits-ui', '@lucide/svelte', 'electron']

export interface Component {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly folder: string
  /** One platform's variant of a package; it may not be installed here. */
  readonly isVariant: boolean
}

interface LockEntry {
  version?: string
  license?: string
  dev?: boolean
  optional?: boolean
  dependencies?: Record<string, string>
}

/** What comes from elsewhere than npm packages. */
const OTHER_SOURCES = `The built-in model (resources/models/starter) was trained for this studio on pictures composed from vector drawings:

- Fluent Emoji (flat), Copyright (c) Microsoft Corporation, MIT License
- Noto Emoji, Copyright Google LLC, Apache License 2.0; the drawings were moved, scaled, mirrored, turned and recoloured

CLIP's merge list (resources/vocabularies/clip-merges.txt) is from OpenAI's CLIP, Copyright (c) 2021 OpenAI, MIT License.

The names of ImageNet's classes (resources/vocabularies/imagenet-classes.txt) are from TensorFlow.js's MobileNet
(@tensorflow-models/mobilenet 2.1.1), Copyright 2019 Google LLC, Apache License 2.0; they were put one class a line.

The image library libvips and what it links (the packages @img/sharp-*) are shared libraries under LGPL-3.0-or-later and
the licences their package names. They can be replaced by other builds: put them in place of the files in
node_modules/@img. Their sources and build scripts: https://github.com/lovell/sharp-libvips

The desktop application contains Chromium and Node.js as part of Electron; their notices lie beside its program as
LICENSES.chromium.html.

The texts of the Apache License 2.0, the LGPL 3.0 and the GPL 3.0 lie in resources/licenses.`

/** Every package of the finished studio, by name: the production packages and the bundled ones with what they need. */
export function shippedComponents(): Component[] {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>
  }
  const folders = new Set(Object.keys(lock.packages).filter((folder) => folder !== '' && !lock.packages[folder]?.dev))
  const waiting = BUNDLED.map((name) => `node_modules/${name}`)
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entry = lock.packages[folder]
    if (!entry || folders.has(folder)) continue
    folders.add(folder)
    // What Electron needs from npm downloads it; the product contains the program alone.
    if (folder === 'node_modules/electron') continue
    for (const name of Object.keys(entry.dependencies ?? {})) waiting.push(resolve(lock.packages, folder, name))
  }
  return [...folders].sort().map((folder) => component(folder, lock.packages[folder] ?? {}))
}

/** Where Node finds `name` from `folder`: in its own node_modules or in one further up. */
function resolve(packages: Record<string, LockEntry>, folder: string, name: string): string {
  const nested = `${folder}/node_modules/${name}`
  if (packages[nested] || folder === '') return nested.replace(/^\//, '')
  const up = folder.lastIndexOf('/node_modules/')
  return resolve(packages, up < 0 ? '' : folder.slice(0, up), name)
}

function component(folder: string, entry: LockEntry): Component {
  return {
    name: folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: entry.version ?? '',
    license: entry.license ?? statedInText(path.join(root, folder)),
    folder: path.join(root, folder),
    isVariant: entry.optional === true,
  }
}

function statedInText(folder: string): string {
  return licenseText(folder)?.startsWith('MIT License') ? 'MIT' : 'none stated'
}

/** The whole notices file. */
export function notices(): string {
  const components = shippedComponents()
  const list = components.map(({ name, version, license }) => `- ${name} ${version}: ${license}`)
  const sections = [...byText(components)].map(([text, names]) => `${names.join(', ')}\n\n${text}`)
  const rule = `\n\n${'-'.repeat(80)}\n\n`
  return [
    `Latent Studio contains work of others. Their terms:\n\n${OTHER_SOURCES}`,
    `Packages:\n\n${[...new Set(list)].join('\n')}`,
    ...sections,
  ]
    .join(rule)
    .concat('\n')
}

/** Licence texts with the packages that carry each. */
function byText(components: readonly Component[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const { name, folder, isVariant } of components) {
    const text = isVariant ? undefined : licenseText(folder)
    if (text === undefined) continue
    const names = groups.get(text) ?? []
    if (!names.includes(name)) names.push(name)
    groups.set(text, names)
  }
  return groups
}

function licenseText(folder: string): string | undefined {
  if (!existsSync(folder)) throw new Error(`expected the package at ${folder}: run npm install first`)
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^(licen[cs]e|copying)(\.|-|$)/i.test(name))
  return file === undefined ? undefined : readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()
}

if (import.meta.main) {
  writeFileSync(noticesFile, notices())
}
