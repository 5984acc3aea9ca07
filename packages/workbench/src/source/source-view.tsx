/** The driver's source, the line that runs, and what it has in scope. */
import type { SourceLine } from '@doorbell/lab';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sides, source, standing, state } from '../session/index.ts';
import type { Side } from '../machine/contract.ts';
import type { CodeView } from './code-view.ts';
import './source.css';

export function SourceView() {
  const place = standing.value?.places[standing.value.side];
  const { line, lastLine, locals } = place ?? {};
  const holder = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<CodeView | undefined>(undefined);
  useEffect(() => {
    // The editor is the largest part of the page: it comes once the rest is there.
    let isGone = false;
    void import('./code-view.ts').then(({ CodeView: View }) => {
      if (!isGone && holder.current !== null) {
        setView(new View(holder.current));
      }
    });
    return () => {
      isGone = true;
    };
  }, []);
  const shown = source.value;
  useEffect(() => {
    if (shown !== undefined) {
      view?.show(shown.file, shown.text, lastLine?.file === shown.file ? lastLine.line : undefined);
    }
  }, [view, shown, lastLine?.file, lastLine?.line]);
  const stepped = sides.value[state.value.side];
  return (
    <section class="source panel" aria-label="Source of the driver">
      <h2>{line === undefined ? noLine(stepped, lastLine) : `${line.file}:${line.line}`}</h2>
      <div
        class={`code ${line === undefined ? 'away' : ''}`}
        hidden={stepped?.lines.length === 0}
        ref={holder}
      />
      <pre class="locals" role="group" aria-label="Locals">
        {locals ?? ''}
      </pre>
    </section>
  );
}

function noLine(side: Side | undefined, last: SourceLine | undefined): string {
  if (side === undefined) {
    return 'Source of the driver';
  }
  if (side.account !== undefined) {
    return `The driver is that of ${side.term}: its lines were not recorded`;
  }
  if (side.lines.length === 0) {
    return 'No source lines were recorded';
  }
  return `No line of the driver runs here${last === undefined ? '' : `; the last was ${last.file}:${last.line}`}`;
}
