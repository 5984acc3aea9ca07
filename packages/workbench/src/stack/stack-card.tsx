/** One side: which stack it is, what its screen shows, and what it cost. */
import { useEffect, useRef } from 'preact/hooks';
import {
  askedBackend,
  catalogue,
  change,
  openedFile,
  run,
  running,
  screens,
  sides,
  state,
  take,
} from '../session/index.ts';
import type { Frame, Side } from '../machine/contract.ts';
import { withOption, optionsOf, stackName } from './stack-text.ts';
import { Figures } from './figures.tsx';
import './stack.css';

export function StackCard({ side }: { readonly side: number }) {
  const recorded = sides.value[side];
  const wanted = openedFile.value === '' ? state.value.stacks[side] : recorded?.name;
  const isStepped = state.value.side === side;
  return (
    <section
      class={`stack panel ${isStepped ? 'stepped' : ''}`}
      aria-label={`Stack ${side + 1}: ${wanted ?? 'none'}`}
    >
      <div class="head">
        {recorded?.account === undefined ? (
          <StackChoice
            side={side}
            text={wanted ?? ''}
            term={recorded?.name === wanted ? recorded?.term : undefined}
          />
        ) : (
          <div class="choose">
            <strong>{recorded.name}</strong>
            <span class="term">{recorded.term}</span>
          </div>
        )}
        <button
          type="button"
          class="take"
          aria-pressed={isStepped}
          disabled={recorded === undefined}
          title="Steps this stack; the other follows (t)"
          onClick={() => void take(side)}
        >
          {isStepped ? 'stepped' : 'step this'}
        </button>
      </div>
      {wanted !== undefined && recorded?.account === undefined && (
        <Screen frame={screens.value[side]} />
      )}
      {recorded === undefined || running.value !== undefined ? (
        <p class="waiting">{wanted === undefined ? 'No second stack.' : waitingText(wanted)}</p>
      ) : (
        <Figures side={recorded} other={other(side)} isStepped={isStepped} />
      )}
    </section>
  );
}

function other(side: number): Side | undefined {
  return sides.value[1 - side];
}

function waitingText(stack: string): string {
  const now = running.value;
  if (askedBackend.value !== '') {
    return 'Waits until you allow its backend, under Backend.';
  }
  return now?.stack === stack ? `Frame ${now.frame} of ${now.frames} …` : 'Waits for its turn …';
}

interface StackChoiceProps {
  readonly side: number;
  readonly text: string;
  /** Of the run that is shown; undefined: what the stack is called. */
  readonly term: string | undefined;
}

function StackChoice({ side, text, term }: StackChoiceProps) {
  const all = catalogue.value?.stacks ?? [];
  const name = stackName(text);
  const choice = all.find((each) => each.name === name);
  const choose = (stack: string): void => {
    const stacks =
      stack === ''
        ? state.value.stacks.filter((_, index) => index !== side)
        : [0, 1].flatMap((each) => (each === side ? [stack] : (state.value.stacks[each] ?? [])));
    change({ stacks, event: 0, side: 0, script: '', bug: undefined });
    void run();
  };
  const given = optionsOf(text);
  return (
    <div class="choose">
      <label>
        <span class="hidden">Stack {side + 1}</span>
        <select value={name} onChange={(event) => choose(event.currentTarget.value)}>
          {all.length === 0 && <option value={name}>{name}</option>}
          {all.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
            </option>
          ))}
          {side === 1 && <option value="">none</option>}
        </select>
      </label>
      <span class="term" title={term}>
        {term ?? choice?.term ?? ''}
      </span>
      {choice !== undefined && (
        <details class="menu">
          <summary title="Options of this stack">
            {Object.keys(given).length === 0
              ? 'options'
              : Object.entries(given)
                  .map((pair) => pair.join('='))
                  .join(' ')}
          </summary>
          <div class="items options">
            {choice.options
              .filter((option) => option.name !== 'transport' || option.values.length > 0)
              .map((option) => (
                <label key={option.name} title={option.doc}>
                  <span>{option.name}</span>
                  {option.values.length > 0 ? (
                    <select
                      value={given[option.name] ?? option.default}
                      onChange={(event) =>
                        choose(withOption(text, option, event.currentTarget.value))
                      }
                    >
                      {option.values.map((value) => (
                        <option key={value} value={value}>
                          {value}
                        </option>
                      ))}
                    </select>
                  ) : (
                    <input
                      type="number"
                      min={option.least}
                      max={option.most}
                      value={given[option.name] ?? option.default}
                      onChange={(event) =>
                        choose(withOption(text, option, event.currentTarget.value))
                      }
                    />
                  )}
                </label>
              ))}
          </div>
        </details>
      )}
    </div>
  );
}

/** What the monitor shows; its place is there before the first frame. */
function Screen({ frame }: { readonly frame: Frame | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = frame ?? state.value;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined) {
      return;
    }
    if (frame === undefined) {
      context.clearRect(0, 0, width, height);
    } else {
      const pixels = new Uint8ClampedArray(frame.pixels.buffer);
      context.putImageData(new ImageData(pixels, width, height), 0, 0);
    }
  }, [frame, width, height]);
  return (
    <canvas
      ref={canvas}
      class={frame === undefined ? 'screen off' : 'screen'}
      width={width}
      height={height}
      role="img"
      aria-label={frame === undefined ? 'The screen is off' : `The screen, ${width} by ${height}`}
    />
  );
}
