/** All that a frame is drawn from. */
import type { Catalogue, Standing } from '../machine/contract.ts';
import type { Colours } from './colours.ts';
import type { Hit, Plot } from './hit.ts';
import type { View } from './view.ts';

export interface Picture extends Plot {
  readonly context: CanvasRenderingContext2D;
  readonly kinds: Catalogue['kinds'];
  readonly standing: Standing | undefined;
  readonly hover: Hit | undefined;
  /** What the overview shows. */
  readonly bounds: View;
  readonly colours: Colours;
}
