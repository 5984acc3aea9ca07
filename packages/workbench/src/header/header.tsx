/** What is run, how one steps, and what one can take away. */
import { useState } from 'preact/hooks';
import { keys } from '../keys.ts';
import {
  catalogue,
  change,
  command,
  download,
  link,
  open,
  openedFile,
  run,
  running,
  sides,
  state,
} from '../session.ts';
import type { PageState } from '../link.ts';
import { RemotePanel } from '../remote/remote-panel.tsx';
import { ThemeButton } from './theme-button.tsx';
import './header.css';

const sizes = ['64x64', '160x120', '320x240', '640x480'];

export function Header() {
  return (
    <header class="header">
      <h1>Doorbell</h1>
      <RunForm />
      <StepButtons />
      <div class="group end">
        <RemotePanel />
        <OpenButton />
        <Downloads />
        <ShareButton />
        <button
          type="button"
          aria-pressed={state.value.beside === 'prices'}
          onClick={() => change({ beside: state.value.beside === 'prices' ? '' : 'prices' })}
        >
          Prices
        </button>
        <button
          type="button"
          aria-pressed={state.value.beside !== '' && state.value.beside !== 'prices'}
          onClick={() =>
            change({ beside: ['', 'prices'].includes(state.value.beside) ? 'lessons' : '' })
          }
        >
          Lessons
        </button>
        <ThemeButton />
        <button
          type="button"
          aria-pressed={state.value.isPresentation}
          title="Larger, for a lecture room (b)"
          onClick={() => change({ isPresentation: !state.value.isPresentation })}
        >
          Present
        </button>
      </div>
    </header>
  );
}

/** Another run begins at its end. */
function rerun(part: Partial<PageState>): void {
  change({ ...part, event: 0, script: '' });
  void run();
}

function RunForm() {
  const { scene, frames, width, height, guests, profile } = state.value;
  const all = catalogue.value;
  const size = `${width}x${height}`;
  return (
    <form
      class="group"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <Choice
        label="Scene"
        value={scene}
        choices={all?.scenes.map(({ name }) => name) ?? [scene]}
        onChoose={(name) => rerun({ scene: name })}
      />
      <Choice
        label="Size"
        value={size}
        choices={[...new Set([...sizes, size])]}
        onChoose={(text) => {
          const [wide, high] = text.split('x').map(Number);
          rerun({ width: wide, height: high });
        }}
      />
      <Count label="Frames" value={frames} most={600} onChange={(n) => rerun({ frames: n })} />
      <Count label="Guests" value={guests} most={64} onChange={(n) => rerun({ guests: n })} />
      <Choice
        label="Profile"
        value={profile}
        choices={all?.profiles.map(({ name }) => name) ?? [profile]}
        onChoose={(name) => rerun({ profile: name })}
      />
      <BugChoice />
      <button class="primary" type="submit" disabled={running.value !== undefined}>
        Run
      </button>
      <Progress />
    </form>
  );
}

/** What is wrong with the driver on purpose; a bug brings the stack that it can be had on. */
function BugChoice() {
  const bugs = catalogue.value?.bugs ?? [];
  const { bug } = state.value;
  return (
    <Choice
      label="Bug"
      value={bug ?? 'none'}
      choices={['none', ...bugs.map(({ id }) => id)]}
      onChoose={(id) => {
        const found = bugs.find((each) => each.id === id);
        rerun(
          found === undefined
            ? { bug: undefined }
            : { bug: id, stacks: found.stacks.slice(0, 1), scene: 'triangle', pane: 'why' },
        );
      }}
    />
  );
}

function Progress() {
  const now = running.value;
  const text =
    now === undefined ? openedFile.value : `${now.stack}: frame ${now.frame} of ${now.frames}`;
  return (
    <output class="progress" aria-live="off">
      {text}
    </output>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly string[];
  readonly onChoose: (value: string) => void;
}

function Choice({ label, value, choices, onChoose }: ChoiceProps) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {choices.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

interface CountProps {
  readonly label: string;
  readonly value: number;
  readonly most: number;
  readonly onChange: (value: number) => void;
}

function Count({ label, value, most, onChange }: CountProps) {
  return (
    <label class="choice">
      <span>{label}</span>
      <input
        type="number"
        min={1}
        max={most}
        value={value}
        onChange={(event) => {
          const wanted = Math.round(Number(event.currentTarget.value));
          onChange(Math.min(most, Math.max(1, Number.isNaN(wanted) ? value : wanted)));
        }}
      />
    </label>
  );
}

const stepButtons = [
  ['go 0', '|‹', 'Before the first event (Home)'],
  ['P', '«', 'The call before (P)'],
  ['p', '‹', 'The step before (p)'],
  ['n', '›', 'The next step (n)'],
  ['N', '»', "The application's next call (N)"],
  ['go end', '›|', 'The last event (End)'],
] as const;

function StepButtons() {
  const { step, isFixed } = state.value;
  const all = catalogue.value?.granularities ?? [];
  const isOff = sides.value.length === 0;
  return (
    <div class="group" role="group" aria-label="Stepping">
      {stepButtons.map(([line, sign, doc]) => (
        <button
          key={line}
          type="button"
          class="step"
          title={doc}
          aria-label={doc}
          disabled={isOff}
          onClick={() => void command(line)}
        >
          {sign}
        </button>
      ))}
      {isFixed ? (
        <span class="fixed" title="This link fixes what a step goes by">
          by {step}
        </span>
      ) : (
        <Choice
          label="by"
          value={step}
          choices={all.length === 0 ? [step] : all.map(({ name }) => name)}
          onChoose={(name) => void command(`g ${name}`)}
        />
      )}
    </div>
  );
}

function OpenButton() {
  return (
    <label class="file">
      Open…
      <input
        type="file"
        class="hidden"
        accept=".trace,.obj,.ply,.glb,.png"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file !== undefined) {
            void open(file);
          }
          event.currentTarget.value = '';
        }}
      />
    </label>
  );
}

const kinds = [
  ['trace', 'Trace'],
  ['perfetto', 'Perfetto'],
  ['json', 'Figures (JSON)'],
  ['png', 'Picture (PNG)'],
] as const;

function Downloads() {
  return (
    <details class="menu">
      <summary>Save</summary>
      <div class="items">
        {kinds.map(([kind, words]) => (
          <button
            key={kind}
            type="button"
            disabled={sides.value.length === 0}
            onClick={() => void download(kind)}
          >
            {words}
          </button>
        ))}
        <hr />
        <dl class="keys">
          {[...keys].map(([key, { doc }]) => (
            <>
              <dt>{key}</dt>
              <dd>{doc}</dd>
            </>
          ))}
        </dl>
      </div>
    </details>
  );
}

function ShareButton() {
  const [words, setWords] = useState('Share');
  const share = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link());
      setWords('Copied');
    } catch {
      setWords('In the address'); // no clipboard: the address has it
    }
    setTimeout(() => setWords('Share'), 2000);
  };
  return (
    <button type="button" title="Copies a link to what is shown" onClick={() => void share()}>
      {words}
    </button>
  );
}
