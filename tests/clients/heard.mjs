/** Collects what a subscription says. `count` waits until that many things were heard; a failure fails the wait. */
export function heard() {
  const items = [];
  let failure, wake;
  return {
    items,
    add(item) { items.push(item); wake?.(); },
    fail(error) { failure = error; wake?.(); },
    async count(wanted, patience = 60_000) {
      const deadline = Date.now() + patience;
      while (items.length < wanted) {
        if (failure) throw failure;
        if (Date.now() > deadline) {
          throw new Error(`heard ${items.length} of ${wanted}, at last ${JSON.stringify(items.slice(-5))}`);
        }
        let timer;
        await new Promise((resolve) => { wake = resolve; timer = setTimeout(resolve, deadline - Date.now()); });
        clearTimeout(timer);
      }
    },
    /** The error that ended the subscription. */
    async end() {
      while (!failure) await new Promise((resolve) => { wake = resolve; });
      return failure;
    },
  };
}
