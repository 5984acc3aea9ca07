/** The driver's source, the line that runs, and what it has in scope; or why there is none. */
import type { SourceLine } from '@doorbell/lab';
import { openedFile, running, sides, source, standing, state } from '../session/index.ts';
import { CodeView } from './code-view.tsx';
import { NoSource } from './no-source.tsx';
import { whyNoSource } from './why-no-source.ts';
import './source.css';

export function SourceView() {
  const place = standing.value?.places[standing.value.side];
  const { line, lastLine, locals } = place ?? {};
  const shown = source.value;
  const why = whyNoSource({
    side: sides.value[state.value.side],
    isRunning: running.value !== undefined,
    isFile: openedFile.value !== '',
    isAsked: state.value.source,
    lastLine,
    shown,
  });
  return (
    <section class="source panel" aria-label="Source of the driver">
      <h2>
        {why !== undefined || lastLine === undefined ? (
          'Source of the driver'
        ) : (
          <Title place={lastLine} isHere={line !== undefined} />
        )}
      </h2>
      {why === undefined && shown?.text !== undefined ? (
        <CodeView file={shown.text} line={lastLine?.line} isAway={line === undefined} />
      ) : (
        <NoSource why={why} />
      )}
      <pre class="locals" role="group" aria-label="Locals" tabIndex={0}>
        {locals ?? ''}
      </pre>
    </section>
  );
}

/** What is cut where there is no room is the folder. */
function Title({ place, isHere }: { readonly place: SourceLine; readonly isHere: boolean }) {
  const { file, line } = place;
  const name = file.lastIndexOf('/') + 1;
  return (
    <span class="place" title={`${file}:${line}`}>
      <span class="folder">{file.slice(0, name)}</span>
      <span class="line">{`${file.slice(name)}:${line}`}</span>
      {!isHere && <span class="note">ran last; none runs here</span>}
    </span>
  );
}
