/** What a comparison says in words: what will be done, what each stack paid for, whether pixels agree. */
import { draws, type CompareReport, type StackReport } from '@doorbell/lab';
import { wrap } from '@doorbell/lab/text';
import { formatCount } from './quantity.ts';
import type { Colors, Terminal } from './terminal.ts';

export interface Plan {
  readonly scene: string;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly profile: string;
  readonly stacks: readonly string[];
}

/** The first line: what will be done. */
export function planText(plan: Plan, columns: number): string {
  const { scene, frames, width, height, seed, profile, stacks } = plan;
  const work = `${scene}: ${frames} ${frames === 1 ? 'frame' : 'frames'} of ${width}x${height}`;
  const how = `seed ${seed}, prices of ${profile}`;
  return wrap(`${work} through ${stacks.join(', ')}; ${how}`, columns);
}

/** Prose in longer lines is hard to read. */
const MOST_COLUMNS = 100;

/** For each stack a sentence on what it paid for. */
export function sentences(report: CompareReport, { columns, colors }: Terminal): string {
  return report.stacks
    .map(({ id, term, paidFor }) => {
      const title = `${colors.bold(id)} ${colors.dim(`(${term})`)}`;
      return `${title}\n${wrap(paidFor, Math.min(columns, MOST_COLUMNS), '  ')}`;
    })
    .join('\n');
}

/** As much of a hash as fits behind `before`; the whole is in the JSON. */
function shortened(sha256: string, before: string, columns: number): string {
  const room = columns - before.length;
  return room >= sha256.length ? sha256 : `${sha256.slice(0, Math.max(room - 1, 8))}…`;
}

/** One driver, and its hash, or the drivers of each stack. */
export function driverText(stacks: readonly StackReport[], columns: number): string {
  const drivers = new Map(stacks.map(({ driver }) => [driver.package, driver.sha256]));
  return [...drivers]
    .map(([name, sha256]) => {
      const users = stacks.filter(({ driver }) => driver.package === name);
      const where = drivers.size > 1 ? ` in ${users.map(({ id }) => id).join(', ')}` : '';
      const before = `driver:    ${name}${where}, sha256 `;
      return before + shortened(sha256, before, columns);
    })
    .join('\n');
}

/** Whether every frame has the same pixels in every stack; and of those that may round, how near they are. */
export function identityText(report: CompareReport, columns: number, colors: Colors): string {
  const rounded = report.stacks.flatMap((stack) => roundingText(stack, report, columns, colors));
  const exact = report.stacks.filter(({ pixels }) => pixels === undefined);
  const same = report.identical || (rounded.length > 0 && sameHashes(exact.filter(draws)));
  const isSaid = rounded.length === 0 || exact.length > 0;
  const others = { ...report, stacks: exact, identical: same };
  return [...(isSaid ? [exactText(others, columns, colors)] : []), ...rounded].join('\n');
}

function sameHashes(stacks: readonly StackReport[]): boolean {
  return new Set(stacks.map(({ frames }) => frames.sha256)).size <= 1;
}

/** A stack whose renderer may round otherwise. */
function roundingText(
  { id, pixels }: StackReport,
  { scene }: CompareReport,
  columns: number,
  colors: Colors,
): string[] {
  if (pixels === undefined) {
    return [];
  }
  const { differing, edges, within } = pixels;
  const all = scene.width * scene.height * scene.frames;
  const verdict = within ? 'within its bounds' : colors.bold(colors.red('beyond its bounds'));
  const part = edges.pixels === 0 ? 0 : (100 * edges.differing) / edges.pixels;
  const text = `${id} differs from bell's engines in ${formatCount(differing)} of ${formatCount(all)} pixels; at edges, in ${part.toFixed(1)} % by more than a sixteenth of white; ${verdict}`;
  return [`rounding:  ${wrap(text, columns - 11).replaceAll('\n', '\n           ')}`];
}

function exactText(report: CompareReport, columns: number, colors: Colors): string {
  const { identical } = report;
  const stacks = report.stacks.filter(draws);
  const hashes = stacks.map(({ frames }) => frames.sha256);
  if (hashes.length === 0) {
    return 'identical: nothing was drawn';
  }
  if (!identical) {
    return `identical: ${colors.bold(colors.red('no'))}`;
  }
  const several = report.scene.guests > 1;
  const before = `identical: yes${several ? ', each guest with itself alone' : ''}, sha256 `;
  const text = sameHashes(stacks)
    ? before + shortened(hashes[0], before, columns)
    : before.replace(', sha256 ', '');
  const idle = report.stacks.filter((stack) => !draws(stack)).map(({ id }) => id);
  const note = idle.length === 0 ? '' : `\n           ${idle.join(', ')} drew nothing, as asked`;
  return text.replace('yes', colors.bold(colors.green('yes'))) + note;
}
