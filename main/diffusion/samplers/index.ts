import type { SamplerId } from '../../contract/generation.ts'
import { fractionalTimesteps, multistepTimesteps, wholeTimesteps } from '../level-rules.ts'
import type { Sampler } from '../sampler.ts'
import { ddim } from './ddim.ts'
import { ddpm } from './ddpm.ts'
import { dpmpp2m } from './dpmpp-2m.ts'
import { eulerAncestral } from './euler-ancestral.ts'
import { euler } from './euler.ts'
import { heun } from './heun.ts'

export const samplers = {
  ddim: { sample: ddim, rules: wholeTimesteps },
  ddpm: { sample: ddpm, rules: { ...wholeTimesteps, finalLevel: 'clean' } },
  euler: { sample: euler, rules: fractionalTimesteps },
  'euler-ancestral': { sample: eulerAncestral, rules: fractionalTimesteps },
  heun: { sample: heun, rules: fractionalTimesteps },
  'dpmpp-2m': { sample: dpmpp2m, rules: multistepTimesteps },
} satisfies Record<SamplerId, Sampler>
