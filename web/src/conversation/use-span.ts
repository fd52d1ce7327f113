// Which part of a history the list spans. As many rows as the browser's tallest element can hold are there at once, and
// 200,000 messages are less than that; a longer history is shown in parts.
import { useState } from 'react';

const SPAN = 200_000;

export function useSpan(lastSeq: number, at: number | undefined) {
  const around = (seq: number) => Math.max(0, Math.min(seq - SPAN / 2, lastSeq - SPAN));
  const [base, setBase] = useState(() => around(at ?? lastSeq));
  return {
    /** The seq before the first row. */
    base,
    hasEarlier: base > 0,
    showEarlier: () => setBase(Math.max(0, base - SPAN / 2)),
    /** Makes sure that there is a row for a seq. */
    reach: (seq: number) => { if (seq <= base) setBase(around(seq)); },
  };
}
