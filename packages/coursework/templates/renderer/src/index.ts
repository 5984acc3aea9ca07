/** What the package hands in: `doorbell check .` looks here. */
import type { RendererPart } from '@doorbell/coursework';
import { Renderer } from './renderer.ts';

export default {
  kind: 'renderer',
  name: '__NAME__',
  open: (place) => new Renderer(place),
} satisfies RendererPart;
