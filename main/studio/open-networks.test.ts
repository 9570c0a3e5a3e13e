import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.ts'
import { buildAutoencoderDecoder } from '../network/autoencoder.ts'
import { gaussianNoise } from '../tensor/noise.ts'
import { OpenNetworks } from './open-networks.ts'

const STARTER = join(import.meta.dirname, '../../resources/models/starter')

async function world() {
  const { autoencoder } = await openCheckpoint(STARTER)
  const networks = new OpenNetworks()
  onTestFinished(() => networks.close())
  const latent = gaussianNoise(1, 0, [1, autoencoder.config.latentChannels, 8, 8])
  const decoder = () => networks.get('decoder', () => buildAutoencoderDecoder(autoencoder), { threads: 1 })
  return { networks, decoder, latent }
}

test('a network that was closed opens again when it runs, to the same result', async () => {
  const { networks, decoder, latent } = await world()
  await networks.keepTo({ use: 'small', isReleasing: false })
  const network = await decoder()
  const { image } = await network.run({ latent })
  await networks.close()
  expect(await network.run({ latent })).toEqual({ image })
})

test('where networks are closed between stages, one opens only when it runs', async () => {
  const { networks, decoder, latent } = await world()
  await networks.keepTo({ use: 'fast', isReleasing: true })
  const network = await decoder()
  expect(networks.heldBytes).toBe(0)
  await network.run({ latent })
  expect(networks.heldBytes).toBeGreaterThan(0)
})

test('a plan that holds weights otherwise closes what is open, and text encoders are always small', async () => {
  const { networks, decoder } = await world()
  await networks.keepTo({ use: 'fast', isReleasing: false })
  await decoder()
  expect([networks.useOf('decoder'), networks.useOf('text encoder 0')]).toEqual(['fast', 'small'])
  await networks.keepTo({ use: 'small', isReleasing: false })
  expect(networks.heldBytes).toBe(0)
  expect(networks.useOf('decoder')).toBe('small')
})
