/** What the address says of the page. */
import { writeLink, type PageState } from '../link.ts';
import { state } from './signals.ts';

/** Changes what the address says, and it. */
export function change(part: Partial<PageState>): void {
  state.value = { ...state.value, ...part };
  history.replaceState(null, '', writeLink(state.value));
}

/** The whole address, to be shared; the token of a backend is not. */
export function link(): string {
  return new URL(writeLink({ ...state.value, backend: '' }), location.href).href;
}
