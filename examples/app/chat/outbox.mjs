// Does what the shop's transactions have written down, in order, each until it succeeds.
const PAUSES = { first: 250, longest: 30_000 };

/** Returns `soon`, to be called after each commit, and `stop`. */
export function emptyOutbox(shop, perform) {
  let timer, pause = PAUSES.first, isWorking = false, isStopped = false;
  async function work() {
    clearTimeout(timer);
    if (isWorking) return;
    isWorking = true;
    try {
      for (let task; !isStopped && (task = shop.nextTask()); task.done()) await perform[task.kind](task);
      pause = PAUSES.first;
    } catch (error) {
      console.error(`The chat, tried again in ${pause} ms: ${error.message}`);
      if (!isStopped) timer = setTimeout(work, pause);
      pause = Math.min(2 * pause, PAUSES.longest);
    }
    isWorking = false;
  }
  work();
  return { soon: work, stop() { isStopped = true; clearTimeout(timer); } };
}
