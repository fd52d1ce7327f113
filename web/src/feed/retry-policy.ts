// Retries with exponential backoff and jitter, which `retryNow` cuts short.
import { ServerError } from './transport';

/** Milliseconds before the next attempt: the server's `retryAfterMs` if there is one, otherwise exponential with jitter. */
function backoffDelay(reason: unknown, attempts: number): number {
  if (reason instanceof ServerError && reason.retryAfterMs !== undefined) return reason.retryAfterMs;
  return Math.min(10_000, 500 * 2 ** attempts) * (0.5 + Math.random() / 2);
}

export class RetryPolicy {
  readonly #wakeUps = new Set<() => void>();
  #resets = 0;

  /** Ends all waits and resets every backoff, including those of attempts in progress. */
  retryNow(): void {
    this.#resets += 1;
    for (const wakeUp of this.#wakeUps) wakeUp();
  }

  /** The backoff of one task: the returned function waits after a failure, longer each time. */
  newBackoff(): (reason: unknown) => Promise<void> {
    let [attempts, resets] = [0, this.#resets];
    return (reason) => {
      if (resets !== this.#resets) [attempts, resets] = [0, this.#resets];
      return this.#sleep(backoffDelay(reason, attempts++));
    };
  }

  /** Retries a task until it succeeds or fails with a final error. Undefined if it is no longer wanted. */
  async run<Result>(
    task: () => Promise<Result>,
    isWanted: () => boolean,
    isFinal: (reason: unknown) => boolean,
  ): Promise<Result | undefined> {
    const backoff = this.newBackoff();
    while (isWanted()) {
      try {
        return await task();
      } catch (reason) {
        if (isFinal(reason)) throw reason;
        await backoff(reason);
      }
    }
    return undefined;
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wakeUp = () => {
        clearTimeout(timer);
        this.#wakeUps.delete(wakeUp);
        resolve();
      };
      const timer = setTimeout(wakeUp, milliseconds);
      this.#wakeUps.add(wakeUp);
    });
  }
}
