/** The driver's source, the line that runs, and what it has in scope. */
import type { SourceLine } from '@doorbell/lab';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sides, source, standing, state } from '../session/index.ts';
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
  const hasLines = (sides.value[state.value.side]?.lines.length ?? 0) > 0;
  return (
    <section class="source panel" aria-label="Source of the driver">
      <h2>
        {line === undefined
          ? noLine(sides.value.length > 0, hasLines, lastLine)
          : `${line.file}:${line.line}`}
      </h2>
      <div class={`code ${line === undefined ? 'away' : ''}`} ref={holder} />
      <pre class="locals" role="group" aria-label="Locals">
        {locals ?? ''}
      </pre>
    </section>
  );
}

function noLine(hasRun: boolean, hasLines: boolean, last: SourceLine | undefined): string {
  if (!hasRun) {
    return 'Source of the driver';
  }
  if (!hasLines) {
    return 'No source lines were recorded';
  }
  return `No line of the driver runs here${last === undefined ? '' : `; the last was ${last.file}:${last.line}`}`;
}
