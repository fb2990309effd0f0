/** Says in the page why it does not start: who sees nothing at all cannot even tell what is wrong. Imported before what may fail. */
let isStarted = false;

/** From now on the page speaks for itself. */
export function hasStarted(): void {
  isStarted = true;
}

addEventListener('error', ({ message }) => tell(message));
addEventListener('unhandledrejection', ({ reason }) => tell(String(reason)));

function tell(why: string): void {
  const holder = document.getElementById('page');
  if (isStarted || holder === null) return;
  const text = document.createElement('p');
  text.setAttribute('role', 'alert');
  text.className = 'problem start';
  text.textContent = `The page could not start · Страница не запустилась: ${why}`;
  holder.replaceChildren(text);
}
