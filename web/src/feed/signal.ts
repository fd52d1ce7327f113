// Tells listeners that something changed, once for all changes of one task.

export class Signal {
  readonly #listeners = new Set<() => void>();
  #told = true;

  /** Listens, until what it answers with is called. */
  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** To be called after each change. A burst of events (a replay) is one notice. */
  changed(): void {
    if (!this.#told) return;
    this.#told = false;
    queueMicrotask(() => {
      this.#told = true;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
