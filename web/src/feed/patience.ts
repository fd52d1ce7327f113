// Trying again: soon at first, then less often, and at once when there is new hope.
import { Refusal } from './line';

/** How long to wait before the next try: what the server asks for, or longer each time, and not all clients at once. */
function pause(reason: unknown, tries: number): number {
  if (reason instanceof Refusal && reason.retryAfterMs !== undefined) return reason.retryAfterMs;
  return Math.min(10_000, 500 * 2 ** tries) * (0.5 + Math.random() / 2);
}

export class Patience {
  readonly #wakes = new Set<() => void>();
  #hopes = 0;

  /** Ends all waiting. What fails from here on fails for the first time, also what was on its way just now. */
  hope(): void {
    this.#hopes += 1;
    for (const wake of this.#wakes) wake();
  }

  /** For one thing that is tried again and again: what it answers with waits after a failure, each time longer. */
  waiting(): (reason: unknown) => Promise<void> {
    let [tries, hopes] = [0, this.#hopes];
    return (reason) => {
      if (hopes !== this.#hopes) [tries, hopes] = [0, this.#hopes];
      return this.#wait(pause(reason, tries++));
    };
  }

  /** Tries until it succeeds, or fails with what is final; undefined when it is no longer wanted. */
  async insist<Result>(
    task: () => Promise<Result>,
    isWanted: () => boolean,
    isFinal: (reason: unknown) => boolean,
  ): Promise<Result | undefined> {
    const wait = this.waiting();
    while (isWanted()) {
      try {
        return await task();
      } catch (reason) {
        if (isFinal(reason)) throw reason;
        await wait(reason);
      }
    }
    return undefined;
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#wakes.add(wake);
    });
  }
}
