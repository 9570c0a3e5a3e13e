import type { LdmUnet } from '../checkpoint/test-ldm-models.ts'

/** One picture or inner activation, [c, h, w]. */
export interface Image {
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly data: Float64Array
}

/** The original's UNetModel, in float64 and one picture at a time, from its definition. */
export class PlainUnetReference {
  readonly #weights: ReadonlyMap<string, Float64Array>
  readonly #unet: LdmUnet
  readonly #heads: (channels: number) => number
  #told: Float64Array = new Float64Array()

  constructor(weights: ReadonlyMap<string, Float64Array>, unet: LdmUnet, heads: (channels: number) => number) {
    this.#weights = weights
    this.#unet = unet
    this.#heads = heads
  }

  run(x: Image, time: number): number[] {
    const { width } = this.#unet
    const waves = Float64Array.from({ length: width }, (_, i) => {
      const angle = time * 10_000 ** (-(i % (width / 2)) / (width / 2))
      return i < width / 2 ? Math.cos(angle) : Math.sin(angle)
    })
    const hidden = this.#linear('time_embed.0', waves).map(silu)
    this.#told = this.#linear('time_embed.2', hidden).map(silu)
    let h = this.#conv('input_blocks.0.0', x)
    const skips = [h]
    for (let i = 1; this.#has(`input_blocks.${i}.0`); i++) skips.push((h = this.#block(`input_blocks.${i}`, h, 'half')))
    h = this.#block('middle_block', h, 'half')
    for (let i = 0; this.#has(`output_blocks.${i}.0`); i++) {
      const skip = skips.pop()
      if (!skip) throw new Error('expected a skip')
      h = this.#block(
        `output_blocks.${i}`,
        { ...h, channels: h.channels + skip.channels, data: join64(h, skip) },
        'twice',
      )
    }
    const normal = this.#norm('out.0', h)
    return [...this.#conv('out.2', { ...normal, data: normal.data.map(silu) }).data]
  }

  #has(prefix: string): boolean {
    return [...this.#weights.keys()].some((name) => name.startsWith(`${prefix}.`))
  }

  #get(name: string): Float64Array {
    const found = this.#weights.get(name)
    if (!found) throw new Error(`expected the weight ${name}`)
    return found
  }

  /** A TimestepEmbedSequential; with `updown` those ResNet blocks change size that the constructor puts between levels. */
  #block(name: string, x: Image, way: 'half' | 'twice'): Image {
    let h = x
    for (let i = 0; this.#has(`${name}.${i}`); i++) {
      const inner = `${name}.${i}`
      if (this.#has(`${inner}.qkv`)) h = this.#attention(inner, h)
      else if (this.#has(`${inner}.op`)) h = this.#conv(`${inner}.op`, h, 2)
      else if (this.#has(`${inner}.conv`)) h = this.#conv(`${inner}.conv`, twice(h))
      else h = this.#resBlock(inner, h, this.#isResizing(name, i) ? (way === 'half' ? half : twice) : (same) => same)
    }
    return h
  }

  /** In a U-Net of two levels with one ResNet block each: the second block down, and the last part of the second one up. */
  #isResizing(name: string, part: number): boolean {
    if (!this.#unet.updown) return false
    return name === 'input_blocks.2' || (name === 'output_blocks.1' && part === 2)
  }

  #resBlock(name: string, x: Image, resize: (x: Image) => Image): Image {
    const first = this.#norm(`${name}.in_layers.0`, x)
    let h = this.#conv(`${name}.in_layers.2`, resize({ ...first, data: first.data.map(silu) }))
    const told = this.#linear(`${name}.emb_layers.1`, this.#told)
    const cells = h.height * h.width
    if (this.#unet.scaleShift) {
      const { channels } = h
      h = this.#norm(`${name}.out_layers.0`, h)
      h = {
        ...h,
        data: h.data.map((value, i) => {
          const c = Math.floor(i / cells)
          return value * (1 + (told[c] ?? NaN)) + (told[channels + c] ?? NaN)
        }),
      }
    } else {
      h = this.#norm(`${name}.out_layers.0`, {
        ...h,
        data: h.data.map((value, i) => value + (told[Math.floor(i / cells)] ?? NaN)),
      })
    }
    const out = this.#conv(`${name}.out_layers.3`, { ...h, data: h.data.map(silu) })
    const shortcut = this.#has(`${name}.skip_connection`) ? this.#conv(`${name}.skip_connection`, resize(x)) : resize(x)
    return { ...out, data: out.data.map((value, i) => value + (shortcut.data[i] ?? NaN)) }
  }

  /** QKVAttentionLegacy: of the 3·c rows each head has 3·d, its query first, then key, then value. */
  #attention(name: string, x: Image): Image {
    const cells = x.height * x.width
    const heads = this.#heads(x.channels)
    const d = x.channels / heads
    const qkv = this.#conv(`${name}.qkv`, this.#norm(`${name}.norm`, x))
    const mixed = new Float64Array(x.data.length)
    for (let head = 0; head < heads; head++) {
      const at = (part: number, c: number, cell: number) =>
        qkv.data[(head * 3 * d + part * d + c) * cells + cell] ?? NaN
      for (let s = 0; s < cells; s++) {
        const scores = Array.from({ length: cells }, (_, t) => {
          let sum = 0
          for (let c = 0; c < d; c++) sum += at(0, c, s) * at(1, c, t)
          return Math.exp(sum / Math.sqrt(d))
        })
        const total = scores.reduce((a, b) => a + b, 0)
        for (let c = 0; c < d; c++) {
          mixed[(head * d + c) * cells + s] = scores.reduce((sum, score, t) => sum + (score / total) * at(2, c, t), 0)
        }
      }
    }
    const out = this.#conv(`${name}.proj_out`, { ...x, data: mixed })
    return { ...x, data: x.data.map((value, i) => value + (out.data[i] ?? NaN)) }
  }

  #linear(name: string, x: Float64Array): Float64Array {
    const [weight, bias] = [this.#get(`${name}.weight`), this.#get(`${name}.bias`)]
    return bias.map((value, o) => x.reduce((sum, entry, i) => sum + entry * (weight[o * x.length + i] ?? NaN), value))
  }

  #conv(name: string, x: Image, stride = 1): Image {
    const [weight, bias] = [this.#get(`${name}.weight`), this.#get(`${name}.bias`)]
    const channels = bias.length
    const kernel = Math.sqrt(weight.length / channels / x.channels)
    const edge = (kernel - 1) / 2
    const [height, width] = [x.height / stride, x.width / stride]
    const data = new Float64Array(channels * height * width)
    for (let at = 0; at < data.length; at++) {
      const [o, row, column] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width]
      let sum = bias[o] ?? NaN
      for (let c = 0; c < x.channels; c++) {
        for (let i = 0; i < kernel * kernel; i++) {
          const y = row * stride + Math.floor(i / kernel) - edge
          const z = column * stride + (i % kernel) - edge
          if (y < 0 || z < 0 || y >= x.height || z >= x.width) continue
          const entry = x.data[(c * x.height + y) * x.width + z] ?? NaN
          sum += entry * (weight[(o * x.channels + c) * kernel * kernel + i] ?? NaN)
        }
      }
      data[at] = sum
    }
    return { channels, height, width, data }
  }

  #norm(name: string, x: Image): Image {
    const [weight, bias] = [this.#get(`${name}.weight`), this.#get(`${name}.bias`)]
    const size = x.data.length / 32
    const cells = x.height * x.width
    const data = new Float64Array(x.data.length)
    for (let group = 0; group < 32; group++) {
      const values = x.data.subarray(group * size, (group + 1) * size)
      const mean = values.reduce((a, b) => a + b, 0) / size
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size
      values.forEach((value, i) => {
        const c = Math.floor((group * size + i) / cells)
        data[group * size + i] = ((value - mean) / Math.sqrt(variance + 1e-5)) * (weight[c] ?? NaN) + (bias[c] ?? NaN)
      })
    }
    return { ...x, data }
  }
}

function silu(value: number): number {
  return value / (1 + Math.exp(-value))
}

function join64(a: Image, b: Image): Float64Array {
  return Float64Array.of(...a.data, ...b.data)
}

function twice(x: Image): Image {
  const [height, width] = [x.height * 2, x.width * 2]
  const data = Float64Array.from({ length: x.channels * height * width }, (_, at) => {
    const [c, row, column] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width]
    return x.data[(c * x.height + (row >> 1)) * x.width + (column >> 1)] ?? NaN
  })
  return { channels: x.channels, height, width, data }
}

function half(x: Image): Image {
  const [height, width] = [x.height / 2, x.width / 2]
  const data = Float64Array.from({ length: x.channels * height * width }, (_, at) => {
    const [c, row, column] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width]
    const top = (c * x.height + 2 * row) * x.width + 2 * column
    return [top, top + 1, top + x.width, top + x.width + 1].reduce((sum, i) => sum + (x.data[i] ?? NaN), 0) / 4
  })
  return { channels: x.channels, height, width, data }
}
