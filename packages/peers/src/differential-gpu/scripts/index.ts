/** Every script, by its name. Each leaves nothing behind. */
import { Random } from '../../differential/random.ts';
import type { Arena, Script } from '../script.ts';
import { cursorScript } from './cursor.ts';
import { displayScript } from './display.ts';
import { headerScript } from './header.ts';
import { backingScript, creationScript } from './resource.ts';
import { formatScript, scanoutScript, unflushedScript } from './scanout.ts';
import { shortBackingScript, transferScript } from './transfer.ts';

const SEED = 1;

export const scripts: Readonly<Record<string, (arena: Arena) => Script>> = {
  display: () => displayScript(),
  header: () => headerScript(),
  creation: () => creationScript(),
  backing: (arena) => backingScript(arena),
  transfer: (arena) => transferScript(arena, new Random(SEED)),
  'short backing': (arena) => shortBackingScript(arena, new Random(SEED)),
  format: (arena) => formatScript(arena, new Random(SEED)),
  scanout: (arena) => scanoutScript(arena, new Random(SEED)),
  unflushed: (arena) => unflushedScript(arena, new Random(SEED)),
  cursor: (arena) => cursorScript(arena, new Random(SEED)),
};
