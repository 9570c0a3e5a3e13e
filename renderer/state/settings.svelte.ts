import type { Api } from '../../main/contract/calls.ts'
import { Settings, type SettingsPatch, type StudioInfo } from '../../main/contract/settings.ts'
import { showTheme } from './theme.ts'

/** The settings, and what the shell can do. */
export class SettingsState {
  readonly #api: Api
  #current = $state.raw<Settings>(Settings.parse({}))
  #info = $state.raw<StudioInfo | undefined>(undefined)

  constructor(api: Api) {
    this.#api = api
  }

  get current(): Settings {
    return this.#current
  }

  /** Undefined until the studio has answered. */
  get info(): StudioInfo | undefined {
    return this.#info
  }

  replace(settings: Settings): void {
    this.#current = settings
    showTheme(settings.theme)
  }

  async load(): Promise<void> {
    const [info, settings] = await Promise.all([
      this.#api['studio.info'](undefined),
      this.#api['settings.get'](undefined),
    ])
    this.#info = info
    this.replace(settings)
  }

  async change(patch: SettingsPatch): Promise<void> {
    this.replace(await this.#api['settings.change'](patch))
  }
}
