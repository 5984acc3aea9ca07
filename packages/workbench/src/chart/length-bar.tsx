/** A count as a bar beside its figure, which is what a screen reader reads. */
import './length-bar.css';

interface LengthBarProps {
  /** Of its whole length, 0 to 1; of nothing there is no bar. */
  readonly length: number;
  /** Of the side that is stepped: drawn as that side is everywhere. */
  readonly isStepped?: boolean;
  /** Behind its figure, where there is no room beside it. */
  readonly isBehind?: boolean;
}

export function LengthBar({ length, isStepped = false, isBehind = false }: LengthBarProps) {
  return (
    <span
      class={`length ${isStepped ? 'stepped' : ''} ${isBehind ? 'behind' : ''}`}
      aria-hidden="true"
    >
      {length > 0 && <span style={{ width: `${(100 * length).toFixed(2)}%` }} />}
    </span>
  );
}
