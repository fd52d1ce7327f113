// Errors of answers, as the feed knows them.
import { Refusal } from '../feed';

/** An entry of `errors`. */
export interface ServerError {
  message: string;
  extensions?: { code?: string; retryAfterMs?: number; field?: string };
}

export function refusal({ message, extensions: { code, retryAfterMs, field } = {} }: ServerError): Refusal {
  return new Refusal(message, code ?? 'UNKNOWN', retryAfterMs, field);
}
