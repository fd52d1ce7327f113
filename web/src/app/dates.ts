// Formats ISO timestamps in the browser's language and time zone.

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const shortDateFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayWithYearFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const mediumFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const relativeFormat = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

const startOfDay = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
/** Days from today: 0 is today, -1 yesterday. */
const daysFromToday = (date: Date) => Math.round((startOfDay(date) - startOfDay(new Date())) / 86_400_000);
const capitalize = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

export const isSameDay = (a: string, b: string) => startOfDay(new Date(a)) === startOfDay(new Date(b));

export const formatTime = (iso: string) => timeFormat.format(new Date(iso));
export const formatDateTime = (iso: string) => mediumFormat.format(new Date(iso));
/** The date in full, with the weekday, and the time. */
export const formatFullDateTime = (iso: string) => fullFormat.format(new Date(iso));

/** A day as a heading: Today, Yesterday, Monday 3 August. */
export function formatDay(iso: string): string {
  const date = new Date(iso);
  const days = daysFromToday(date);
  if (days === 0 || days === -1) return capitalize(relativeFormat.format(days, 'day'));
  return (days > -300 ? dayFormat : dayWithYearFormat).format(date);
}

/** As short as possible: the time today, the weekday this week, the date before that. */
export function formatShort(iso: string): string {
  const date = new Date(iso);
  const days = daysFromToday(date);
  if (days === 0) return timeFormat.format(date);
  if (days === -1) return capitalize(relativeFormat.format(days, 'day'));
  return (days > -7 ? weekdayFormat : shortDateFormat).format(date);
}

/** A relative time: 5 minutes ago, yesterday. */
export function formatRelative(iso: string): string {
  const minutes = Math.round((new Date(iso).getTime() - Date.now()) / 60_000);
  if (minutes > -60) return relativeFormat.format(minutes, 'minute');
  if (minutes > -24 * 60) return relativeFormat.format(Math.round(minutes / 60), 'hour');
  return relativeFormat.format(daysFromToday(new Date(iso)), 'day');
}
