import { Resvg } from '@resvg/resvg-js'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** `npm run icons` draws icon.png from icon.svg; the packager makes every platform's own format of it. */

const folder = path.resolve(import.meta.dirname, '../resources/icons')
const svg = readFileSync(path.join(folder, 'icon.svg'), 'utf8')
const image = new Resvg(svg, { fitTo: { mode: 'width', value: 1024 } }).render()
writeFileSync(path.join(folder, 'icon.png'), image.asPng())
