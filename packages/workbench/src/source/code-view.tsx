/** A source, to be read: its lines with numbers, of which one is marked. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { SourceFile } from '../machine/contract.ts';
import { linesOf } from './marks.ts';

interface CodeViewProps {
  readonly file: SourceFile;
  /** From 1; undefined: none is marked. */
  readonly line: number | undefined;
  /** Whether the marked line is one that has run before. */
  readonly isAway: boolean;
}

export function CodeView({ file, line, isAway }: CodeViewProps) {
  const room = useRef<HTMLDivElement>(null);
  const marked = useRef<HTMLLIElement>(null);
  // What stays the same is not looked at again: a step moves only the mark.
  const texts = useMemo(
    () =>
      linesOf(file).map((pieces, index) => (
        <code key={index}>
          {pieces.map(({ text, kind }) =>
            kind === undefined ? text : <span class={kind}>{text}</span>,
          )}
        </code>
      )),
    [file],
  );
  useEffect(() => {
    if (room.current !== null && marked.current !== null) {
      const { offsetTop, offsetHeight } = marked.current;
      room.current.scrollTop = offsetTop - (room.current.clientHeight - offsetHeight) / 2;
    }
  }, [file, line]);
  return (
    <div
      class={`code ${isAway ? 'away' : ''}`}
      role="group"
      aria-label="Source"
      tabIndex={0}
      ref={room}
    >
      <ol>
        {texts.map((text, index) =>
          index + 1 === line ? (
            <li key={index} class="current" aria-current="step" ref={marked}>
              {text}
            </li>
          ) : (
            <li key={index}>{text}</li>
          ),
        )}
      </ol>
    </div>
  );
}
