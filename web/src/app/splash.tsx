// Shown until the server has answered for the first time, and while it does not answer.
import { useEffect, useState } from 'react';
import { texts } from '../texts';
import { Mark } from '../ui/mark';

/** In milliseconds. The first answer usually comes long before this; the session keeps trying afterwards. */
const LATE_AFTER = 3_000;

export function Splash({ onRetry }: { onRetry(): void }) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LATE_AFTER);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className="start">
      <Mark />
      <h1>{texts.name}</h1>
      <p className="secondary" role="status">{isLate ? texts.notReached : texts.connecting}</p>
      {isLate && <button className="button" onClick={onRetry}>{texts.retryNow}</button>}
    </main>
  );
}
