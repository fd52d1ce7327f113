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

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme();
}
