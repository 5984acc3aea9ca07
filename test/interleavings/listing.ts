/** An interleaving in two columns, one for each half, beside the source lines. */
import type { Event } from './history.ts';
import type { Step } from './step.ts';

const COLUMN = 58;

interface Row {
  readonly thread: number;
  readonly what: string;
  readonly source: string;
}

const LEGEND =
  "buffer: a store goes into its thread's store buffer; flush: it becomes visible; store: both at once\n\n";

export interface Layout {
  /** Of addresses. */
  readonly names: ReadonlyMap<number, string>;
  /** Of the two columns. */
  readonly titles: readonly [string, string];
  /** Whether a third column gives each access's source. */
  readonly source: boolean;
}

export function listing(events: readonly Event[], { names, titles, source }: Layout): string {
  const rows = groups(events, names).map((group) => rowOf(group, names));
  const lines = [
    `${titles[0].padEnd(COLUMN)}| ${titles[1]}`,
    `${'-'.repeat(COLUMN)}+${'-'.repeat(COLUMN)}`,
    ...rows.map((row) => line(row, source)),
  ];
  const delayed = events.some(({ how }) => how === 'late');
  return `${delayed ? LEGEND : ''}${lines.join('\n')}`;
}

function line({ thread, what, source }: Row, withSource: boolean): string {
  const [left, right] = thread === 0 ? [what, ''] : ['', what];
  const columns = `${left.padEnd(COLUMN)}| ${right}`;
  return withSource ? `${columns.padEnd(2 * COLUMN + 1)}| ${source}` : columns.trimEnd();
}

/** Accesses of one kind to one descriptor or element, right behind one another, share a row. */
function groups(events: readonly Event[], names: ReadonlyMap<number, string>): Event[][] {
  const found: Event[][] = [];
  let before = '';
  for (const event of events) {
    const { thread, step, how } = event;
    const owner = ownerOf(step, names);
    const key = owner === undefined ? '' : `${thread} ${how} ${step.kind} ${owner}`;
    if (key !== '' && key === before) {
      found.at(-1)!.push(event);
    } else {
      found.push([event]);
    }
    before = key;
  }
  return found;
}

/** `desc[0]` of `desc[0].addr`; undefined for what stands alone. */
function ownerOf(step: Step, names: ReadonlyMap<number, string>): string | undefined {
  return 'address' in step ? /^(.*\])\./.exec(names.get(step.address) ?? '')?.[1] : undefined;
}

function rowOf(events: readonly Event[], names: ReadonlyMap<number, string>): Row {
  const { thread, step } = events[0];
  const lines = [...new Set(events.map((event) => event.step.site.line))];
  const more = events.length > 1 ? ' …' : '';
  const source = lines[0] === 0 ? step.site.text : `${lines.join(',')}  ${code(step)}${more}`;
  return { thread, what: `${verb(events[0])}${accesses(events, names)}`, source };
}

function code({ site }: Step): string {
  return site.text.replace('this.memory.', '');
}

function verb({ step, how }: Event): string {
  if (how === 'stuck') {
    return 'sleeps for ever';
  }
  if (step.kind === 'store') {
    return { plain: 'store  ', late: 'buffer ', visible: 'flush  ' }[how];
  }
  return { load: 'load   ', fence: 'fence', wait: 'wakes up' }[step.kind];
}

function accesses(events: readonly Event[], names: ReadonlyMap<number, string>): string {
  const owner = ownerOf(events[0].step, names);
  const all = events.flatMap(({ step, value }): (readonly [string, number])[] => {
    if (step.kind === 'fence' || step.kind === 'wait') {
      return [];
    }
    return parts(step.address, step.width, step.kind === 'load' ? value : step.value, names);
  });
  if (owner === undefined) {
    return all.map(([name, value]) => `${name} = ${number(value)}`).join(', ');
  }
  // The upper half of an address says nothing when it is 0.
  const told = all.filter(([name, value]) => !name.endsWith('.addr high') || value !== 0);
  return `${owner} ${told.map(([name, value]) => `${short(name, owner)}=${number(value)}`).join(' ')}`;
}

function short(name: string, owner: string): string {
  return name.slice(owner.length + 1);
}

/** What an access covers, by name: 4 bytes may be two fields of 2. */
function parts(
  address: number,
  width: number,
  value: number,
  names: ReadonlyMap<number, string>,
): (readonly [string, number])[] {
  const name = names.get(address) ?? `memory at ${number(address)}`;
  const second = width === 4 ? names.get(address + 2) : undefined;
  return second === undefined
    ? [[name, value]]
    : [
        [name, value & 0xffff],
        [second, value >>> 16],
      ];
}

function number(value: number): string {
  return value < 10 ? String(value) : `0x${value.toString(16)}`;
}
