const SCHEDULE_TABLES = new Set([
  'betas',
  'alphas_cumprod',
  'alphas_cumprod_prev',
  'sqrt_alphas_cumprod',
  'sqrt_one_minus_alphas_cumprod',
  'log_one_minus_alphas_cumprod',
  'sqrt_recip_alphas_cumprod',
  'sqrt_recipm1_alphas_cumprod',
  'posterior_variance',
  'posterior_log_variance_clipped',
  'posterior_mean_coef1',
  'posterior_mean_coef2',
  'lvlb_weights',
  'denoiser.sigmas',
  'logvar',
  'v_pred',
  'ztsnr',
])

/** What training leaves in the original code's files and no network uses: noise tables, averaged copies, losses. */
export function isTrainingRemnant(name: string): boolean {
  return (
    SCHEDULE_TABLES.has(name) ||
    name.startsWith('model_ema.') ||
    name.startsWith('first_stage_model.loss.') ||
    name.endsWith('.embeddings.position_ids') ||
    /(?:^|\.)logit_scale$/.test(name)
  )
}
