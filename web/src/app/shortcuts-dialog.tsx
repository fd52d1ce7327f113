// The list of keys.
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { isMac } from './shortcuts';

const words = texts.shortcuts;
const command = isMac ? '⌘' : 'Ctrl';

const groups: readonly { title: string; keys: readonly (readonly [keys: readonly string[], what: string])[] }[] = [
  {
    title: words.anywhere,
    keys: [
      [[command, 'K'], words.switcher],
      [['Alt', '↑'], words.previous],
      [['Alt', '↓'], words.next],
      [[command, '⇧', 'F'], words.searchHere],
      [[command, '/'], words.list],
    ],
  },
  {
    title: words.writing,
    keys: [
      [['↵'], words.send],
      [['⇧', '↵'], words.lineBreak],
      [['↑'], words.editLast],
      [[command, 'B'], words.bold],
      [[command, 'I'], words.italic],
      [[':', 'name'], words.emoji],
      [['Esc'], words.cancel],
    ],
  },
  {
    title: words.messages,
    keys: [[['↑', '↓'], words.move], [['R'], words.reply], [['E'], words.edit], [['Del'], words.delete], [['Esc'], words.toField]],
  },
];

export function ShortcutsDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog title={words.title} open={open} onClose={onClose}>
      <div className="form">
        {groups.map(({ title, keys }) => (
          <section key={title} className="section">
            <h3>{title}</h3>
            <dl className="shortcuts">
              {keys.map(([combination, what]) => (
                <div key={what}>
                  <dt>{what}</dt>
                  <dd>{combination.map((key) => <kbd key={key}>{key}</kbd>)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
