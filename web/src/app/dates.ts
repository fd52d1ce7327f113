// Formats dates and times in the browser's language and time zone.

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const long = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const longYear = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const brieflyFull = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

const startOfDay = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
/** Days from today: 0 is today, -1 yesterday. */
const daysAgo = (date: Date) => Math.round((startOfDay(date) - startOfDay(new Date())) / 86_400_000);
const capital = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

export const isSameDay = (a: string, b: string) => startOfDay(new Date(a)) === startOfDay(new Date(b));

export const time = (moment: string) => clock.format(new Date(moment));
export const moment = (moment: string) => full.format(new Date(moment));
export const dateAndTime = (moment: string) => brieflyFull.format(new Date(moment));

/** A day as a heading: Today, Yesterday, Monday 3 August. */
export function day(moment: string): string {
  const date = new Date(moment);
  const days = daysAgo(date);
  if (days === 0 || days === -1) return capital(relative.format(days, 'day'));
  return (days > -300 ? long : longYear).format(date);
}

/** A short form: the time today, the weekday this week, the date before that. */
export function brief(moment: string): string {
  const date = new Date(moment);
  const days = daysAgo(date);
  if (days === 0) return clock.format(date);
  if (days === -1) return capital(relative.format(days, 'day'));
  return (days > -7 ? weekday : short).format(date);
}

/** A relative time: 5 minutes ago, yesterday. */
export function ago(moment: string): string {
  const minutes = Math.round((new Date(moment).getTime() - Date.now()) / 60_000);
  if (minutes > -60) return relative.format(minutes, 'minute');
  if (minutes > -24 * 60) return relative.format(Math.round(minutes / 60), 'hour');
  return relative.format(daysAgo(new Date(moment)), 'day');
}
