// Files that are dropped beside a conversation: without this the browser would open them in place of the page.

/** Shows that files cannot be dropped, except where a view has said that it takes them. */
export function rejectStrayDrops(): void {
  addEventListener('dragover', (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'none';
  });
  addEventListener('drop', (event) => { if (event.dataTransfer?.types.includes('Files')) event.preventDefault(); });
}
