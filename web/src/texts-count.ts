// Numbers with their word. For the texts.

const plurals = new Intl.PluralRules('en');

export const count = (n: number, one: string, other: string) => `${n.toLocaleString()} ${plurals.select(n) === 'one' ? one : other}`;
