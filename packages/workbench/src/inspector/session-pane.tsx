/** The commands of `doorbell step`, with what they answer, and the breakpoints. */
import { useEffect, useRef } from 'preact/hooks';
import { useRecall } from '../prompt/use-recall.ts';
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
  const { input, take, onKey } = useRecall(() => transcript.value.map(({ line }) => line));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const line = take();
        if (line !== '') {
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
        onKeyDown={onKey}
      />
      <button type="submit">Do</button>
    </form>
  );
}

function Breakpoints() {
  const breakpoints = standing.value?.breakpoints ?? [];
  return (
    <section class="breakpoints" aria-label="Breakpoints" tabIndex={0}>
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
