/** A terminal for the commands whose results are text: what was said, and a line to type. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useRecall } from '../prompt/use-recall.ts';
import {
  change,
  completions,
  doing,
  exchanges,
  followLines,
  isShared,
  prompt,
  state,
  type,
  type Exchange,
} from '../session/index.ts';
import { completed } from './completion.ts';
import './terminal.css';

export function TerminalPanel() {
  const lines = state.value.terminal;
  useEffect(() => {
    if (lines !== undefined) {
      followLines(lines);
    }
  }, [lines]);
  return (
    <section class="terminal panel" aria-label="Terminal">
      <h2>
        <span class="title">Terminal</span>
        {!isShared.value && (
          <span class="note">A link brings only the first lines: it is full.</span>
        )}
        <button type="button" onClick={() => change({ terminal: [] })}>
          Clear
        </button>
        <button type="button" onClick={() => change({ terminal: undefined })}>
          Close
        </button>
      </h2>
      <Log />
      <Line />
    </section>
  );
}

function Log() {
  const log = useRef<HTMLDivElement>(null);
  const all = exchanges.value;
  const now = doing.value;
  useEffect(() => {
    // What was asked last stands at the top; of a lesson's lines, the heading of the last part.
    const found = (selector: string): HTMLElement | undefined =>
      [...(log.current?.querySelectorAll<HTMLElement>(selector) ?? [])].at(-1);
    const heading = all.at(-1)?.isTyped === true ? undefined : found('.heading');
    log.current?.scrollTo({ top: (heading ?? found('.asked'))?.offsetTop ?? 0 });
  }, [all]);
  return (
    <div class="log" role="log" aria-live="polite" aria-label="Output" tabIndex={0} ref={log}>
      {all.length === 0 && now === undefined && (
        <p class="none">
          <code>vfio</code>, <code>sensitive</code> and <code>lspci</code> of the command{' '}
          <code>doorbell</code>, with or without <code>npx doorbell</code>. <code>help</code> lists
          them, Tab completes, ↑ and ↓ bring lines back.
        </p>
      )}
      {all.map((each, index) => (
        <Said key={index} {...each} />
      ))}
      {now !== undefined && (
        <p class="asked">
          <code>
            {prompt.value} {now} …
          </code>
        </p>
      )}
    </div>
  );
}

function Said({ prompt: before, line, text, isWrong }: Exchange) {
  return line.startsWith('#') ? (
    <p class="heading">{line.slice(1).trim()}</p>
  ) : (
    <>
      <p class="asked">
        <code>
          {before} {line}
        </code>
      </p>
      {text !== '' && <pre class={isWrong ? 'bad' : undefined}>{text}</pre>}
    </>
  );
}

function Line() {
  const { input, take, onKey } = useRecall(() =>
    exchanges.value.map(({ line }) => line).filter((line) => !line.startsWith('#')),
  );
  const [words, setWords] = useState<readonly string[]>([]);
  useEffect(() => {
    // Opened to type; who follows a lesson's button reads on.
    if (state.value.terminal?.length === 0) {
      input.current?.focus();
    }
  }, []);
  const complete = async (field: HTMLInputElement): Promise<void> => {
    const line = field.value;
    const found = await completions(line);
    if (field.value === line) {
      field.value = completed(line, found);
      setWords(found.length > 1 ? found : []);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const line = take();
        if (line !== '') {
          setWords([]);
          type(line);
        }
      }}
    >
      <code class="prompt">{prompt.value}</code>
      <input
        ref={input}
        type="text"
        aria-label="Line of the terminal"
        placeholder="help"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onKeyDown={(event) => {
          const field = event.currentTarget;
          if (!onKey(event) && event.key === 'Tab' && !event.shiftKey && field.value !== '') {
            // In an empty line Tab goes on to what is next in the page.
            event.preventDefault();
            void complete(field);
          }
        }}
      />
      <button type="submit">Do</button>
      <output class="words">{words.join('  ')}</output>
    </form>
  );
}
