import { Settings } from '../../main/contract/settings.ts'

type Theme = Settings['theme']

const KEY = 'theme'

/** The theme of the last visit, so that the first frame has the right one before the settings arrive. */
export function rememberedTheme(): Theme {
  const parsed = Settings.shape.theme.safeParse(localStorage.getItem(KEY) ?? undefined)
  return parsed.success ? parsed.data : 'system'
}

/** Puts a theme on the page; `system` leaves the choice to the style sheet. */
export function showTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme)
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}
