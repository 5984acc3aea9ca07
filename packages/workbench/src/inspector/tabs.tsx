/** Tabs as WAI-ARIA has them: one is in the order of focus, and arrows go to the others. */
import { useRef } from 'preact/hooks';

interface Tab<Name extends string> {
  readonly name: Name;
  readonly label: string;
  readonly doc: string;
}

interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<Name>[];
  readonly chosen: Name;
  readonly onChoose: (name: Name) => void;
}

export function tabId(name: string): string {
  return `tab-${name}`;
}

/** Which tab a key goes to, by its number; undefined: none. */
export function tabAfter(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

export function Tabs<Name extends string>({ label, tabs, chosen, onChoose }: TabsProps<Name>) {
  const list = useRef<HTMLDivElement>(null);
  const at = tabs.findIndex(({ name }) => name === chosen);
  const onKey = (event: KeyboardEvent): void => {
    const next = tabAfter(event.key, at, tabs.length);
    if (next !== undefined) {
      // Arrows step through the recording elsewhere.
      event.preventDefault();
      event.stopPropagation();
      onChoose(tabs[next].name);
      list.current?.querySelector<HTMLElement>(`#${tabId(tabs[next].name)}`)?.focus();
    }
  };
  return (
    <div role="tablist" aria-label={label} ref={list} onKeyDown={onKey}>
      {tabs.map(({ name, label: text, doc }) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={tabId(name)}
          aria-selected={name === chosen}
          aria-controls="inspector-pane"
          tabIndex={name === chosen ? 0 : -1}
          title={doc}
          onClick={() => {
            onChoose(name);
          }}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
