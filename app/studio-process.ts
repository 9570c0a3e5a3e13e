/** The studio process: owns the loaded networks and the denoising loop, and nothing else of the studio. */
