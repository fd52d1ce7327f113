// Changes the text of a field as if it was typed, so that the browser's undo takes it back.

/** Replaces the characters from `start` to `end`, where the selection is without them. */
export function insertText(field: HTMLTextAreaElement, text: string, start = field.selectionStart, end = field.selectionEnd): void {
  field.focus();
  field.setSelectionRange(start, end);
  const done = text === '' ? document.execCommand('delete') : document.execCommand('insertText', false, text);
  if (done) return;
  field.setRangeText(text, start, end, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Replaces what was typed before the text cursor, which stays behind what was typed since. False if it is not there any more. */
export function replaceTyped(field: HTMLTextAreaElement, typed: string, start: number, text: string): boolean {
  if (field.value.slice(start, start + typed.length) !== typed) return false;
  const caret = Math.max(0, field.selectionStart - start - typed.length);
  insertText(field, text, start, start + typed.length);
  field.setSelectionRange(start + text.length + caret, start + text.length + caret);
  return true;
}

/** Puts a mark on both sides of what is selected, or takes it away. */
export function toggleMark(field: HTMLTextAreaElement, mark: '*' | '_'): void {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const selected = value.slice(start, end);
  if (value[start - 1] === mark && value[end] === mark) {
    insertText(field, selected, start - 1, end + 1);
    field.setSelectionRange(start - 1, end - 1);
  } else {
    insertText(field, mark + selected + mark, start, end);
    field.setSelectionRange(start + 1, end + 1);
  }
}

const ITEM_PATTERN = /^(\s{0,3})(?:([-*•])|(\d{1,3})([.)]))\s+(.*)$/;

/** A line break; in a list or a quote also what the next line begins with. An empty item ends its list. False: nothing to add. */
export function continueLine(field: HTMLTextAreaElement): boolean {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const lineStart = value.lastIndexOf('\n', start - 1) + 1;
  const line = value.slice(lineStart, start);
  const [, indent = '', bullet, number, after, words] = ITEM_PATTERN.exec(line) ?? [];
  const isQuote = /^> \S/.test(line);
  if (words === undefined && !isQuote) return false;
  if (words === '') insertText(field, '', lineStart, end);
  else insertText(field, `\n${isQuote ? '> ' : `${indent}${bullet ?? `${Number(number) + 1}${after}`} `}`, start, end);
  return true;
}
