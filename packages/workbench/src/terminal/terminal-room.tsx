/** Where the terminal stands once it is opened; its code comes then. */
import { useEffect, useState } from 'preact/hooks';
import type { TerminalPanel } from './terminal-panel.tsx';

type Panel = typeof TerminalPanel;

let loaded: Panel | undefined;

export function TerminalRoom() {
  const [Shown, setShown] = useState<{ readonly panel: Panel | undefined }>({ panel: loaded });
  useEffect(() => {
    void import('./terminal-panel.tsx').then((module) => {
      loaded = module.TerminalPanel;
      setShown({ panel: loaded });
    });
  }, []);
  return Shown.panel === undefined ? <section class="terminal panel" /> : <Shown.panel />;
}
