/** What the wheel and the keys do, as buttons. */
import type { Chart } from './chart.ts';

interface Props {
  readonly chart: () => Chart | undefined;
  readonly isWithSetUp: boolean;
}

const ZOOM = 2;
const PAN = 0.25;

const buttons: readonly {
  readonly label: string;
  readonly key: string;
  readonly sign: string;
  readonly act: (chart: Chart) => void;
}[] = [
  { label: 'To the start', key: 'Home', sign: '⇤', act: (chart) => chart.toEdge('start') },
  { label: 'Earlier', key: '←', sign: '←', act: (chart) => chart.pan(-PAN) },
  { label: 'Zoom out', key: '-', sign: '−', act: (chart) => chart.zoom(ZOOM) },
  { label: 'Fit the longer run', key: '0', sign: 'Fit', act: (chart) => chart.fit() },
  { label: 'Zoom in', key: '+', sign: '+', act: (chart) => chart.zoom(1 / ZOOM) },
  { label: 'Later', key: '→', sign: '→', act: (chart) => chart.pan(PAN) },
  { label: 'To the end', key: 'End', sign: '⇥', act: (chart) => chart.toEdge('end') },
];

export function Toolbar({ chart, isWithSetUp }: Props) {
  const act = (change: (of: Chart) => void) => () => {
    const of = chart();
    if (of !== undefined) {
      change(of);
    }
  };
  return (
    <div class="tools" role="group" aria-label="What the timeline shows">
      {buttons.map(({ label, key, sign, act: change }) => (
        <button
          key={label}
          type="button"
          aria-label={label}
          title={`${label} (${key})`}
          onClick={act(change)}
        >
          {sign}
        </button>
      ))}
      <button
        type="button"
        aria-pressed={isWithSetUp}
        title="Show what came before the application began (s)"
        onClick={act((of) => of.toggleSetUp())}
      >
        Set-up
      </button>
    </div>
  );
}
