// Where the line "New messages" is: above the first that came while one was not looking, until one has written oneself or
// comes anew.
import { useEffect, useState } from 'react';
import { isPageFocused } from '../app/page-focus';
import type { Conversation } from '../feed';

/** The seq below the line; undefined when there is none. */
export function useUnreadDivider(conversation: Conversation | undefined, isAtEnd: boolean, isWriting: boolean) {
  const { lastSeq, lastReadSeq } = conversation ?? { lastSeq: 0, lastReadSeq: 0 };
  const [line, setLine] = useState(lastReadSeq < lastSeq ? lastReadSeq + 1 : undefined);
  useEffect(() => {
    const isNews = lastReadSeq < lastSeq && (!line || line <= lastReadSeq);
    if (isNews && !(isAtEnd && isPageFocused())) setLine(lastReadSeq + 1);
  }, [lastSeq]);
  useEffect(() => { if (isWriting) setLine(undefined); }, [isWriting]);
  return line;
}
