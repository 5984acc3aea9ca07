/** How one steps: with keys as well, see `keys.ts`. */
import { catalogue, command, sides, state } from '../session/index.ts';
import { Choice } from './fields.tsx';

const stepButtons = [
  ['go 0', '|‹', 'Before the first event (Home)'],
  ['P', '«', 'The call before (P)'],
  ['p', '‹', 'The step before (p)'],
  ['n', '›', 'The next step (n)'],
  ['N', '»', "The application's next call (N)"],
  ['go end', '›|', 'The last event (End)'],
] as const;

export function StepButtons() {
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
          ems={6.5}
          value={step}
          choices={all.length === 0 ? [step] : all.map(({ name }) => name)}
          onChoose={(name) => void command(`g ${name}`)}
        />
      )}
    </div>
  );
}
