// Limits the rows of the list: browsers limit the height of an element. A longer history is shown in parts.
import { useState } from 'react';

/** Safely below the limit of all browsers. */
const MAX_ROWS = 200_000;

export function useRowRange(lastSeq: number, initialSeq: number | undefined) {
  const around = (seq: number) => Math.max(0, Math.min(seq - MAX_ROWS / 2, lastSeq - MAX_ROWS));
  const [base, setBase] = useState(() => around(initialSeq ?? lastSeq));
  return {
    /** The seq before the first row. */
    base,
    hasEarlier: base > 0,
    showEarlier: () => setBase(Math.max(0, base - MAX_ROWS / 2)),
    /** Extends the range to a seq. */
    include: (seq: number) => { if (seq <= base) setBase(around(seq)); },
  };
}
