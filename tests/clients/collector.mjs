/** Collects the results of a subscription. */
export function collector() {
  const items = [];
  let failure, notify;
  return {
    items,
    add(item) { items.push(item); notify?.(); },
    fail(error) { failure = error; notify?.(); },
    /** Waits until this many items were added. Throws the error passed to `fail`. */
    async count(wanted, timeout = 60_000) {
      const deadline = Date.now() + timeout;
      while (items.length < wanted) {
        if (failure) throw failure;
        if (Date.now() > deadline) {
          throw new Error(`received ${items.length} of ${wanted}, the last ones ${JSON.stringify(items.slice(-5))}`);
        }
        let timer;
        await new Promise((resolve) => { notify = resolve; timer = setTimeout(resolve, deadline - Date.now()); });
        clearTimeout(timer);
      }
    },
    /** Waits for the error that ends the subscription, and returns it. */
    async error() {
      while (!failure) await new Promise((resolve) => { notify = resolve; });
      return failure;
    },
  };
}
