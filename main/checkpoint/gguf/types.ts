import type { Dtype } from '../tensor-index.ts'

/** Storage types that are used in place, by their numbers in ggml.h. */
export const READ_TYPES: Readonly<Record<number, Dtype>> = {
  0: 'F32',
  1: 'F16',
  8: 'Q8_0',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  30: 'BF16',
}

/** Types that need arithmetic of their own to read, for the message. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  2: 'Q4_0',
  3: 'Q4_1',
  6: 'Q5_0',
  7: 'Q5_1',
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  12: 'Q4_K',
  13: 'Q5_K',
  14: 'Q6_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
}

/** What messages call a type. */
export function typeName(type: number): string {
  return READ_TYPES[type] ?? OTHER_TYPES[type] ?? `type ${type}`
}
