/** What came of a run through a backend in another process, in words. */
import type { StackReport } from '@doorbell/lab';
import { bytes, counted } from '../quantity.ts';

/** What of a side is told of. */
interface Told {
  readonly name: string;
  readonly report:
    | {
        readonly frames: StackReport['frames'];
        readonly counts: Pick<StackReport['counts'], 'bytesOnWire' | 'reconnections'>;
      }
    | undefined;
}

/** Empty where no side had one. */
export function pixelsText(sides: readonly Told[]): string {
  const far = sides.find((side) => side.name.includes('transport=websocket'));
  if (far?.report === undefined) {
    return '';
  }
  const { frames, counts } = far.report;
  const { bytesOnWire, reconnections } = counts;
  const other = sides.find((side) => side !== far);
  const verdict =
    other?.report === undefined
      ? ''
      : other.report.frames.sha256 === frames.sha256
        ? ` Its pixels are those of ${other.name}.`
        : ` Its pixels are NOT those of ${other.name}.`;
  const again = reconnections === 0 ? '' : `, ${counted(reconnections)} × connected again`;
  return `${counted(frames.count)} frames, ${bytes(bytesOnWire)} on the wire${again}.${verdict}`;
}
