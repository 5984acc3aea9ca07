/** How many guests share the GPU, and what each of them draws. */
import { MOST_GUESTS, mixed, type PageState } from '../link.ts';
import { state } from '../session/index.ts';
import { Count } from './fields.tsx';

interface GuestsFieldProps {
  readonly onChange: (part: Pick<PageState, 'guests' | 'mix'>) => void;
}

export function GuestsField({ onChange }: GuestsFieldProps) {
  const { guests, mix } = state.value;
  return (
    <>
      <Count
        label="Guests"
        value={guests}
        most={MOST_GUESTS}
        onChange={(count) => onChange({ guests: count, mix: [] })}
      />
      <details class="menu detail">
        <summary>{mix.length === 0 ? 'Mix' : 'Mix ✓'}</summary>
        <div class="items start">
          <label class="mix">
            A scene for each guest
            <input
              type="text"
              spellcheck={false}
              value={mix.join(' ')}
              placeholder="hog:frames=4 churn churn:weight=2"
              aria-describedby="mix-hint"
              onChange={(event) => {
                const words = event.currentTarget.value.split(/\s+/).filter((word) => word !== '');
                onChange(mixed(words.slice(0, MOST_GUESTS)));
              }}
            />
          </label>
          <p id="mix-hint" class="hint">
            Behind a scene may stand <code>:frames=N</code>, <code>:weight=N</code> from 1 to 65535,
            and <code>:cap=N</code>, in percent of the GPU; 0 is no limit. Empty: all draw the scene
            of this page.
          </p>
        </div>
      </details>
    </>
  );
}
