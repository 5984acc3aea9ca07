/** Keys that work wherever nothing is typed: those of `doorbell step`. */
import { change, command, state, take } from './session/index.ts';

interface KeyRow {
  readonly doc: string;
  readonly act: () => void;
}

const says = (line: string) => (): void => {
  void command(line);
};

export const keys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  ['n', { doc: 'the next step', act: says('n') }],
  ['p', { doc: 'the step before', act: says('p') }],
  ['N', { doc: "the application's next call", act: says('N') }],
  ['P', { doc: 'the call before', act: says('P') }],
  ['r', { doc: 'forwards to a breakpoint', act: says('r') }],
  ['R', { doc: 'backwards to one', act: says('R') }],
  ['Home', { doc: 'before the first event', act: says('go 0') }],
  ['End', { doc: 'the last event', act: says('go end') }],
  [
    't',
    {
      doc: 'steps the other stack',
      act: () => void take(1 - state.value.side),
    },
  ],
  [
    'b',
    {
      doc: 'for a lecture room',
      act: () => {
        change({ isPresentation: !state.value.isPresentation });
      },
    },
  ],
]);

export function onKey(event: KeyboardEvent): void {
  const isTyped =
    event.target instanceof HTMLElement &&
    event.target.closest('input, select, textarea, [role=tablist], canvas') !== null;
  if (isTyped || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const row = keys.get(event.key);
  if (row !== undefined) {
    event.preventDefault();
    row.act();
  }
}
