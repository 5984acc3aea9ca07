// The charts of docs/reference/shapes.md: bands as bars, figures as marks, one file for each source.
import { committed, measuredProfiles } from '../packages/lab/src/shapes/committed.ts';
import { shapeGroups, type ShapeGroup } from '../packages/lab/src/shapes/index.ts';
import { quantity } from '../packages/lab/src/shapes/quantity.ts';
import type { Band, FigureRow, Shape } from '../packages/lab/src/shapes/shape.ts';

const WIDTH = 860;
/** Of the part that has an axis. */
const LEFT = 290;
const RIGHT = WIDTH - 24;
const LEGEND = 58;
const TITLE = 30;
const ROW = 34;
const AXIS = 34;
/** Between the profiles' marks of one row, so that equal figures lie below one another. */
const LANE = 7;

const style = `
  .page { fill: #ffffff; } text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; } .faint { fill: #59636e; } .line { stroke: #d1d9e0; }
  .band { fill: #1a7f37; opacity: .16; } .path { fill: none; opacity: .45; }
  .p0 { fill: #0969da; stroke: #0969da; } .p1 { fill: #bc4c00; stroke: #bc4c00; }
  .p2 { fill: #8250df; stroke: #8250df; } .p3 { fill: #6e7781; stroke: #6e7781; }
  .mark { stroke-width: 1.6; } .out { fill: #ffffff; } .path { fill: none; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #e6edf3; } .faint { fill: #9198a1; }
    .line { stroke: #3d444d; } .band { fill: #3fb950; opacity: .22; }
    .p0 { fill: #58a6ff; stroke: #58a6ff; } .p1 { fill: #f0883e; stroke: #f0883e; }
    .p2 { fill: #bc8cff; stroke: #bc8cff; } .p3 { fill: #9198a1; stroke: #9198a1; }
    .out { fill: #0d1117; } .path { fill: none; }
  }`;

/** SVG by the name of its file. */
export function shapeCharts(): Readonly<Record<string, string>> {
  return Object.fromEntries(shapeGroups.map((group) => [`${group.id}.svg`, chartOf(group)]));
}

/** Rows of one shape that have an axis in common. */
interface Panel {
  readonly shape: Shape;
  readonly unit: string;
  /** Their places among the shape's rows. */
  readonly rows: readonly number[];
}

function chartOf(group: ShapeGroup): string {
  const panels = group.shapes.flatMap(panelsOf);
  const parts: string[] = [legend()];
  let top = LEGEND;
  for (const panel of panels) {
    parts.push(drawPanel(panel, top));
    top += heightOf(panel);
  }
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img">`,
    `<title>${escaped(`Figures of ${group.title} against their bands`)}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${top}" rx="6"/>`,
    ...parts,
    '</svg>',
  ].join('\n')}\n`;
}

/** A band that only says a sign is no bar, and rows without any bar or order are not drawn. */
function panelsOf(shape: Shape): Panel[] {
  const drawn = ({ band, follows }: FigureRow): boolean =>
    follows !== undefined ||
    (band !== undefined && !(band.most === undefined && (band.least ?? 0) === 0));
  const units = [...new Set(shape.rows.filter(drawn).map(({ unit }) => unit))];
  return units.map((unit) => ({
    shape,
    unit,
    rows: [...shape.rows.keys()].filter((index) => {
      const row = shape.rows[index];
      return row.unit === unit && (drawn(row) || row.band === undefined);
    }),
  }));
}

function heightOf({ rows }: Panel): number {
  return TITLE + rows.length * ROW + AXIS;
}

interface Axis {
  readonly x: (value: number) => number;
  readonly ticks: readonly number[];
}

function drawPanel(panel: Panel, top: number): string {
  const { shape, rows, unit } = panel;
  const verdicts = measuredProfiles.map((profile) => committed(shape, profile).figures);
  const values = verdicts.flatMap((figures) => rows.map((row) => figures[row].value));
  const ends = rows.flatMap((row) => {
    const { least, most } = shape.rows[row].band ?? {};
    return [least, most].filter((end) => end !== undefined);
  });
  const axis = axisOf([...values, ...ends]);
  const first = top + TITLE;
  const bottom = first + rows.length * ROW;
  const middle = (at: number): number => first + (at + 0.5) * ROW;
  const lane = (profile: number): number => (profile - (measuredProfiles.length - 1) / 2) * LANE;
  const paths = verdicts.map((figures, profile) => {
    const points = rows.map((row, at) => [axis.x(figures[row].value), middle(at) + lane(profile)]);
    return `<polyline class="path p${profile}" points="${points.map((point) => point.map(px).join(',')).join(' ')}"/>`;
  });
  return [
    `<text class="title" x="16" y="${top + 19}">${escaped(shape.id)}</text>`,
    `<text class="faint" x="${LEFT}" y="${top + 19}">${escaped(unit)}</text>`,
    ...axis.ticks.flatMap((tick) => [
      `<line class="line" x1="${px(axis.x(tick))}" x2="${px(axis.x(tick))}" y1="${first}" y2="${bottom}"/>`,
      `<text class="faint" text-anchor="middle" x="${px(axis.x(tick))}" y="${bottom + 15}">${quantity(tick)}</text>`,
    ]),
    ...rows.flatMap((row, at) => [
      `<text x="28" y="${px(middle(at) + 4)}">${escaped(shape.rows[row].label)}</text>`,
      bar(shape.rows[row].band, axis, first + at * ROW),
    ]),
    ...(rows.some((row) => shape.rows[row].follows !== undefined) ? paths : []),
    ...rows.flatMap((row, at) =>
      verdicts.map((figures, profile) => {
        const { value, holds } = figures[row];
        return mark(profile, axis.x(value), middle(at) + lane(profile), holds === false);
      }),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function bar(band: Band | undefined, { x }: Axis, top: number): string {
  if (band === undefined) {
    return '';
  }
  const from = band.least === undefined ? LEFT : x(band.least);
  const to = band.most === undefined ? RIGHT : x(band.most);
  const width = Math.max(to - from, 2);
  return `<rect class="band" x="${px(from)}" y="${top + 2}" width="${px(width)}" height="${ROW - 4}"/>`;
}

/** In powers of ten where figures are far apart, evenly else. */
function axisOf(values: readonly number[]): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least > 0 && most / least > 20 ? logarithmic(least, most) : linear(least, most);
}

function logarithmic(least: number, most: number): Axis {
  const [from, to] = [Math.log10(least) - 0.08, Math.log10(most) + 0.08];
  const ticks: number[] = [];
  for (let power = Math.floor(from); power <= to; power++) {
    const tick = 10 ** power;
    ticks.push(...[tick, 3 * tick].filter((at) => Math.log10(at) >= from && Math.log10(at) <= to));
  }
  return {
    ticks,
    x: (value) => LEFT + ((Math.log10(value) - from) / (to - from)) * (RIGHT - LEFT),
  };
}

function linear(least: number, most: number): Axis {
  const low = Math.min(0, least);
  const step = stepFor(most - low);
  const to = Math.max(most * 1.04, low + step);
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step); tick * step <= to; tick++) {
    ticks.push(Number((tick * step).toPrecision(6)));
  }
  return { ticks, x: (value) => LEFT + ((value - low) / (to - low)) * (RIGHT - LEFT) };
}

/** 1, 2 or 5 times a power of ten, for about six ticks. */
function stepFor(span: number): number {
  const power = 10 ** Math.floor(Math.log10(span / 6));
  return power * ([1, 2, 5].find((factor) => factor * power >= span / 6) ?? 10);
}

/** Each profile has a form besides its colour. Hollow: not where it must be. */
function mark(profile: number, x: number, y: number, isOut: boolean): string {
  const names = `mark p${profile}${isOut ? ' out' : ''}`;
  const points = (...pairs: readonly (readonly [number, number])[]): string =>
    `<polygon class="${names}" points="${pairs.map(([dx, dy]) => `${px(x + dx)},${px(y + dy)}`).join(' ')}"/>`;
  switch (profile % 4) {
    case 0:
      return `<circle class="${names}" cx="${px(x)}" cy="${px(y)}" r="3.4"/>`;
    case 1:
      return points([-3, -3], [3, -3], [3, 3], [-3, 3]);
    case 2:
      return points([0, -4], [3.8, 3], [-3.8, 3]);
    default:
      return points([0, -4], [4, 0], [0, 4], [-4, 0]);
  }
}

function legend(): string {
  const profiles = measuredProfiles.map((name, profile) => {
    const x = 28 + profile * 132;
    return `${mark(profile, x, 22, false)}\n<text x="${x + 10}" y="26">${escaped(name)}</text>`;
  });
  const x = 28 + measuredProfiles.length * 132;
  return [
    ...profiles,
    `<rect class="band" x="${x}" y="14" width="26" height="16"/>`,
    `<text x="${x + 32}" y="26">band</text>`,
    ...measuredProfiles.map((_, profile) => mark(profile, x + 92 + profile * 12, 22, true)),
    `<text x="${x + 104 + (measuredProfiles.length - 1) * 12}" y="26">not as claimed</text>`,
  ].join('\n');
}

/** Tenths of a pixel. */
function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
