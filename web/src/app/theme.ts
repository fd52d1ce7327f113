// Light, dark, or as the device has it. The colours follow `color-scheme` by themselves: styles/tokens.css.

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const KEY = 'parlour.theme';

export function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  return themes.find((known) => known === kept) ?? 'auto';
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme();
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme();
}
