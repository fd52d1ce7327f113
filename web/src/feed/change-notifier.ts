// Notifies listeners of changes. Changes within one task are merged into one notification.

export class ChangeNotifier {
  readonly #listeners = new Set<() => void>();
  #isIdle = true;

  /** Adds a listener. Returns a function that removes it. */
  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Call this after each change. A burst of events, such as a replay, causes one notification. */
  changed(): void {
    if (!this.#isIdle) return;
    this.#isIdle = false;
    queueMicrotask(() => {
      this.#isIdle = true;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
