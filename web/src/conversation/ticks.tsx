// How far one's own message has come: one tick when it is sent, two when somebody has read it, in colour when everybody has.
import { Check, CheckCheck } from 'lucide-react';

export interface ReadState {
  text: string;
  readers: 'none' | 'some' | 'all';
}

export function Ticks({ text, readers }: ReadState) {
  const Icon = readers === 'none' ? Check : CheckCheck;
  return (
    <span className="ticks" data-all={readers === 'all' || undefined} title={text}>
      <Icon aria-hidden="true" />
      <span className="visually-hidden">{text}</span>
    </span>
  );
}
