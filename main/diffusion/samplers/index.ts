import type { SamplerId } from '../../contract/generation.ts'
import {
  distilledTimesteps,
  fractionalTimesteps,
  kDiffusionTimesteps,
  multistepTimesteps,
  wholeTimesteps,
} from '../level-rules.ts'
import type { LevelRules } from '../level-rules.ts'
import type { Sampler } from '../sampler.ts'
import { ddim } from './ddim.ts'
import { ddpm } from './ddpm.ts'
import { deis } from './deis.ts'
import { dpmAdaptive } from './dpm-adaptive.ts'
import { dpmFast } from './dpm-fast.ts'
import { dpmSolver2m } from './dpm-solver-2m.ts'
import { dpm2 } from './dpm2.ts'
import { dpm2Ancestral } from './dpm2-ancestral.ts'
import { dpmpp2m } from './dpmpp-2m.ts'
import { dpmpp2mSde, dpmpp2mSdeHeun } from './dpmpp-2m-sde.ts'
import { dpmpp2sAncestral } from './dpmpp-2s-ancestral.ts'
import { dpmpp3m, dpmpp3mSde } from './dpmpp-3m-sde.ts'
import { dpmppSde } from './dpmpp-sde.ts'
import { dpmpp2s, dpmpp3s } from './dpmpp-singlestep.ts'
import { euler } from './euler.ts'
import { eulerAncestral } from './euler-ancestral.ts'
import { heun } from './heun.ts'
import { langevin } from './langevin.ts'
import { lcm } from './lcm.ts'
import { lms } from './lms.ts'
import { plms } from './plms.ts'
import { pndm } from './pndm.ts'
import { restart } from './restart.ts'
import { tcd } from './tcd.ts'
import { uniPc, uniPcBh1 } from './unipc.ts'

/** k-diffusion's DPM-Solvers stop at the table's lowest level. */
const dpmSolverEnds: LevelRules = { ...kDiffusionTimesteps, finalLevel: 'table' }

/** For methods that neither reach over nor walk down the last step of linspace, to the lowest level of all. */
const shortOfLowest: LevelRules = { ...kDiffusionTimesteps, hasExtraPoint: true }

export const samplers = {
  euler: { sample: euler, rules: fractionalTimesteps },
  'euler-ancestral': { sample: eulerAncestral, rules: fractionalTimesteps },
  heun: { sample: heun, rules: fractionalTimesteps },
  dpm2: { sample: dpm2, rules: fractionalTimesteps },
  'dpm2-ancestral': { sample: dpm2Ancestral, rules: fractionalTimesteps },
  lms: { sample: lms, rules: fractionalTimesteps },
  'dpmpp-2m': { sample: dpmpp2m, rules: multistepTimesteps },
  'dpmpp-2m-sde': { sample: dpmpp2mSde, rules: multistepTimesteps },
  'dpmpp-2m-sde-heun': { sample: dpmpp2mSdeHeun, rules: multistepTimesteps },
  'dpmpp-sde': { sample: dpmppSde, rules: kDiffusionTimesteps },
  'dpmpp-2s-ancestral': { sample: dpmpp2sAncestral, rules: kDiffusionTimesteps },
  'dpmpp-3m': { sample: dpmpp3m, rules: multistepTimesteps },
  'dpmpp-3m-sde': { sample: dpmpp3mSde, rules: shortOfLowest },
  'dpmpp-2s': { sample: dpmpp2s, rules: { ...multistepTimesteps, spacing: 'linspace' } },
  'dpmpp-3s': { sample: dpmpp3s, rules: { ...multistepTimesteps, spacing: 'linspace' } },
  'dpm-solver-2m': { sample: dpmSolver2m, rules: { ...multistepTimesteps, finalLevel: 'own-table' } },
  'dpm-fast': { sample: dpmFast, rules: dpmSolverEnds, hasOwnLevels: true },
  'dpm-adaptive': { sample: dpmAdaptive, rules: dpmSolverEnds, hasOwnLevels: true, hasOwnPace: true },
  unipc: { sample: uniPc, rules: multistepTimesteps },
  'unipc-bh1': { sample: uniPcBh1, rules: { ...multistepTimesteps, finalLevel: 'own-table' } },
  deis: { sample: deis, rules: { ...multistepTimesteps, finalLevel: 'own-table' } },
  ddim: { sample: ddim, rules: wholeTimesteps },
  ddpm: { sample: ddpm, rules: { ...wholeTimesteps, finalLevel: 'clean' } },
  plms: { sample: plms, rules: wholeTimesteps },
  pndm: { sample: pndm, rules: wholeTimesteps },
  lcm: { sample: lcm, rules: { ...distilledTimesteps, finalLevel: 'clean' } },
  tcd: { sample: tcd, rules: { ...distilledTimesteps, finalLevel: 'own-table' } },
  restart: { sample: restart, rules: kDiffusionTimesteps, hasOwnLevels: true },
  langevin: { sample: langevin, rules: shortOfLowest },
} satisfies Record<SamplerId, Sampler>
