// Renders the things listed in nouns.txt to pictures with a transparent ground and packs them into one file.
//
//   npm install
//   node prepare.mjs [--modules FOLDER] [--out sprites]
//
// Reads icon sets from node_modules (FOLDER is where node_modules lies; default: beside this script) and writes
//   sprites/sprites.bin    PNG files one after another
//   sprites/sprites.json   [{noun, style, offset, length, width, height}], width and height as parts of the square
//   SOURCES.md             the icon sets, their versions and licences
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const option = (name, fallback) => {
  const at = process.argv.indexOf('--' + name)
  return at < 0 ? fallback : process.argv[at + 1]
}
const modules = path.resolve(option('modules', here))
const out = path.resolve(option('out', path.join(here, 'sprites')))
const require = createRequire(path.join(modules, 'package.json'))

const SIZE = 224 // pixels of the square picture
const MARGIN = 2 // clear pixels around the drawing
const SETS = {
  flat: {
    package: '@iconify-json/fluent-emoji-flat',
    work: 'Fluent Emoji (flat), Microsoft Corporation',
    licence: 'MIT',
  },
  noto: { package: '@iconify-json/noto', work: 'Noto Emoji, Google LLC', licence: 'Apache-2.0' },
}

/** The icon names in nouns.txt, in order. */
function nouns() {
  return fs
    .readFileSync(path.join(here, 'nouns.txt'), 'utf8')
    .split('\n')
    .filter((line) => line.trim() && !line.startsWith('#') && !line.startsWith('['))
    .map((line) => line.slice(2).split(':')[0].trim())
}

/** An SVG document showing the square at (x, y) of the icon's own coordinates. */
function svg(icon, x, y, side) {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `viewBox="${x} ${y} ${side} ${side}" width="${SIZE}" height="${SIZE}">${icon.body}</svg>`
  )
}

/** The smallest rectangle of pixels that are not clear, or null. */
function inkBox(image) {
  const { pixels, width, height } = image
  let left = width,
    top = height,
    right = -1,
    bottom = -1
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (pixels[(y * width + x) * 4 + 3] < 8) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y)
    }
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 }
}

/** Draws one icon so that its longer side fills the square. */
function drawIcon(Resvg, set, icon) {
  const side = Math.max(icon.width ?? set.width ?? 16, icon.height ?? set.height ?? 16)
  const x0 = icon.left ?? 0,
    y0 = icon.top ?? 0
  const render = (...square) => new Resvg(svg(icon, ...square)).render()
  const rough = inkBox(render(x0, y0, side))
  if (!rough) return null
  const unit = side / SIZE
  const crop = (Math.max(rough.width, rough.height) * unit * SIZE) / (SIZE - 2 * MARGIN)
  const x = x0 + (rough.left + rough.width / 2) * unit - crop / 2
  const y = y0 + (rough.top + rough.height / 2) * unit - crop / 2
  const image = render(x, y, crop)
  const box = inkBox(image)
  return { png: image.asPng(), width: box.width / SIZE, height: box.height / SIZE }
}

/** Child process: draws the icons named on stdin, one JSON line each on stdout. */
function drawFromStdin() {
  const { Resvg } = require('@resvg/resvg-js')
  const { style, names } = JSON.parse(fs.readFileSync(0, 'utf8'))
  const set = require(SETS[style].package + '/icons.json')
  for (const noun of names) {
    const drawn = drawIcon(Resvg, set, set.icons[noun])
    if (!drawn) continue
    const { png, width, height } = drawn
    fs.writeSync(1, JSON.stringify({ noun, style, width, height, png: png.toString('base64') }) + '\n')
  }
}

/** Draws icons in a child process. A few icons end the renderer: halve the list until those stand alone, and leave them out. */
function draw(style, names) {
  if (names.length === 0) return []
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--draw', '--modules', modules], {
    input: JSON.stringify({ style, names }),
    maxBuffer: 1 << 30,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  if (child.status === 0)
    return child.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  if (names.length === 1) {
    console.log(`left out: ${style} ${names[0]}`)
    return []
  }
  const middle = names.length >> 1
  return [...draw(style, names.slice(0, middle)), ...draw(style, names.slice(middle))]
}

function main() {
  fs.mkdirSync(out, { recursive: true })
  const index = [],
    pieces = [],
    rows = []
  let offset = 0
  for (const [style, source] of Object.entries(SETS)) {
    const set = require(source.package + '/icons.json')
    const sprites = draw(
      style,
      nouns().filter((noun) => set.icons[noun]),
    )
    for (const { png, ...entry } of sprites) {
      const bytes = Buffer.from(png, 'base64')
      index.push({ ...entry, offset, length: bytes.length })
      pieces.push(bytes)
      offset += bytes.length
    }
    const { version } = require(source.package + '/package.json')
    rows.push(
      `| \`${style}\` | ${source.work} | npm \`${source.package}\` ${version} | ${source.licence} | ${sprites.length} |`,
    )
    console.log(`${style}: ${sprites.length} pictures`)
  }
  const pack = Buffer.concat(pieces)
  fs.writeFileSync(path.join(out, 'sprites.bin'), pack)
  fs.writeFileSync(path.join(out, 'sprites.json'), JSON.stringify(index).replaceAll('},{', '},\n{') + '\n')
  fs.writeFileSync(
    path.join(here, 'SOURCES.md'),
    [
      '# Sources of the pictures',
      '',
      'Every training picture is composed from the vector drawings below; backgrounds are computed. No photographs and no',
      'other data sets are used. The drawings were rendered at 224 x 224 pixels and are otherwise unchanged in',
      '`sprites/sprites.bin`; the picture generator moves, scales, mirrors, turns and recolours them.',
      '',
      '| style | work | package | licence | pictures |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
      '',
      'Fluent Emoji: Copyright (c) Microsoft Corporation, MIT License. The permission notice goes with copies of the drawings.',
      'Noto Emoji: Copyright Google LLC, Apache License 2.0; the drawings were changed as said above.',
      '',
      `\`sprites.bin\` SHA-256: \`${createHash('sha256').update(pack).digest('hex')}\``,
      '',
    ].join('\n'),
  )
  const nothing = nouns().filter((noun) => !index.some((entry) => entry.noun === noun))
  if (nothing.length) console.log('without any picture:', nothing.join(' '))
  console.log(`${index.length} pictures, ${(pack.length / 2 ** 20).toFixed(1)} MiB`)
}

if (process.argv.includes('--draw')) drawFromStdin()
else main()
