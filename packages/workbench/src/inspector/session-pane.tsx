/** The commands of `doorbell step`, with what they answer, and the breakpoints. */
import { useEffect, useRef } from 'preact/hooks';
import { command, complaint, note, said, standing, transcript } from '../session/index.ts';

async function say(line: string): Promise<void> {
  await command(line);
  const refused = complaint.value;
  note({
    line,
    lines: refused === undefined ? said.value : [refused],
    isRefused: refused !== undefined,
  });
  // It is said here.
  complaint.value = undefined;
}

export function Session() {
  return (
    <div class="talk">
      <div class="prompt">
        <Transcript />
        <Prompt />
      </div>
      <Breakpoints />
    </div>
  );
}

function Transcript() {
  const log = useRef<HTMLDivElement>(null);
  const exchanges = transcript.value;
  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [exchanges]);
  return (
    <div class="log" role="log" aria-label="Answers" tabIndex={0} ref={log}>
      {exchanges.length === 0 && (
        <p class="none">
          Commands as doorbell step has them: <code>help</code> lists them, <code>n</code> and{' '}
          <code>p</code> step, <code>r exit</code> runs to the next exit, <code>who STATUS</code>{' '}
          tells who wrote it.
        </p>
      )}
      {exchanges.map(({ line, lines, isRefused }, index) => (
        <div key={index}>
          <p class="asked">
            <code>› {line}</code>
          </p>
          <pre class={isRefused ? 'bad' : undefined}>{lines.join('\n')}</pre>
        </div>
      ))}
    </div>
  );
}

function Prompt() {
  const input = useRef<HTMLInputElement>(null);
  /** How far back in what was said; 0: not. */
  const back = useRef(0);
  const recall = (by: number): void => {
    const lines = transcript.value.map(({ line }) => line);
    back.current = Math.min(lines.length, Math.max(0, back.current + by));
    if (input.current !== null) {
      input.current.value = lines[lines.length - back.current] ?? '';
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const line = input.current?.value.trim() ?? '';
        if (line !== '' && input.current !== null) {
          input.current.value = '';
          back.current = 0;
          void say(line);
        }
      }}
    >
      <input
        ref={input}
        type="text"
        aria-label="Command"
        placeholder="help"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onKeyDown={(event) => {
          if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
            event.preventDefault();
            recall(event.key === 'ArrowUp' ? 1 : -1);
          }
        }}
      />
      <button type="submit">Do</button>
    </form>
  );
}

function Breakpoints() {
  const breakpoints = standing.value?.breakpoints ?? [];
  return (
    <section class="breakpoints" aria-label="Breakpoints">
      <h4>Breakpoints</h4>
      {breakpoints.length === 0 && (
        <p class="none">
          None. <code>b doorbell.TAIL</code> makes one, <code>r</code> and <code>R</code> run to
          them.
        </p>
      )}
      <ol>
        {breakpoints.map((text, index) => (
          <li key={`${index} ${text}`}>
            <code>{text}</code>
            <button
              type="button"
              aria-label={`Delete breakpoint ${index + 1}, ${text}`}
              onClick={() => void command(`d ${index + 1}`)}
            >
              Delete
            </button>
          </li>
        ))}
      </ol>
      {breakpoints.length > 0 && (
        <p class="buttons">
          <button type="button" onClick={() => void command('R')}>
            ◂ Back to one
          </button>
          <button type="button" onClick={() => void command('r')}>
            On to one ▸
          </button>
        </p>
      )}
    </section>
  );
}
