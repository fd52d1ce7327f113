// The colour theme: light, dark, or the device's. styles/tokens.css follows `color-scheme`.

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const STORAGE_KEY = 'parlour.theme';

export function theme(): Theme {
  const stored = localStorage.getItem(STORAGE_KEY);
  return themes.find((known) => known === stored) ?? 'auto';
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(STORAGE_KEY, theme);
  applyTheme();
}

/** Of the bars of the browser or of the phone: as the header is, in tokens.css. */
const BAR_COLOURS = { light: '#ffffff', dark: '#1b1a20' };

export function applyTheme(): void {
  const chosen = theme();
  document.documentElement.dataset.theme = chosen;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const device = meta.media.includes('dark') ? 'dark' : 'light';
    meta.content = BAR_COLOURS[chosen === 'auto' ? device : chosen];
  }
}
