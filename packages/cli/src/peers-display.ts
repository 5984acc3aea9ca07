/** What a run tells, as it tells it: results on stdout, progress on stderr. */
import type { PeerListener, PeerResult, Peer } from '@doorbell/peers';
import { renderTable, wrap } from '@doorbell/lab/text';
import { framePicture } from './frame-picture.ts';
import type { StatusLine } from './peers-status-line.ts';
import { formatCount, formatNumber } from './quantity.ts';
import { terminalOf, type Terminal } from './terminal.ts';

/** More than this of a check's detail is in the JSON only: bytes that differ, and the like. */
const DETAIL_LENGTH = 400;

export interface PeersDisplay {
  begin(peer: Peer): void;
  readonly listener: PeerListener;
  end(result: PeerResult): void;
}

export interface DisplayParts {
  readonly status: StatusLine;
  /** No results: stdout is for JSON. */
  readonly isSilent: boolean;
  /** No lines of the guest's console. */
  readonly isQuiet: boolean;
}

export function peersDisplay({ status, isSilent, isQuiet }: DisplayParts): PeersDisplay {
  const { stdout, stderr } = process;
  const terminal = terminalOf(stdout);
  const { colors } = terminal;
  const print = (text: string): void => {
    if (!isSilent) {
      status.around(() => {
        stdout.write(`${text}\n`);
      });
    }
  };
  return {
    begin: ({ name, summary }) => {
      print(`${colors.bold(name)}\n${wrap(summary, terminal.columns, '  ')}`);
    },
    listener: {
      step: (what) => {
        status.show(plain(what));
      },
      check: (name, passed, detail) => {
        print(checkText(plain(name), passed, plain(detail), terminal));
      },
      console: (line) => {
        if (!isQuiet) {
          const { dim } = terminalOf(stderr).colors;
          status.around(() => {
            stderr.write(`${dim(`  | ${plain(line)}`)}\n`);
          });
        }
      },
      counts: (title, counts) => {
        print(countsText(title, counts, terminal));
      },
    },
    end: (result) => {
      status.stop();
      const shown = lastPicture(result, terminal);
      if (shown !== undefined) {
        print(shown);
      }
      print(`${endText(result, terminal)}\n`);
    },
  };
}

/** A guest's console and another's words may hold sequences that steer the terminal. */
function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trimEnd();
}

function checkText(
  name: string,
  passed: boolean,
  detail: string,
  { colors }: Pick<Terminal, 'colors'>,
): string {
  const mark = passed ? colors.green('✓') : colors.red('✗');
  const short = detail.length > DETAIL_LENGTH ? `${detail.slice(0, DETAIL_LENGTH)}…` : detail;
  const told = passed ? colors.dim(short) : short;
  return `  ${mark} ${name}${detail === '' ? '' : `: ${told}`}`;
}

function countsText(
  title: string,
  counts: Readonly<Record<string, number>>,
  { colors }: Pick<Terminal, 'colors'>,
): string {
  const rows = Object.entries(counts).map(([name, value]) => [
    plain(name),
    Number.isInteger(value) ? formatCount(value) : formatNumber(value),
  ]);
  const lines = rows.length === 0 ? [] : renderTable(rows, ['left', 'right']);
  return [`  ${plain(title)}`, ...lines.map((line) => colors.dim(`    ${line}`))].join('\n');
}

/** The last: --picture has them all. */
function lastPicture({ pictures }: PeerResult, terminal: Terminal): string | undefined {
  const last = pictures.at(-1);
  const shown = last === undefined ? undefined : framePicture(last.picture, terminal);
  return shown === undefined
    ? undefined
    : `${shown}\n${terminal.colors.dim(`  ${plain(last!.name)}`)}`;
}

/** How it ended, and what to do about that. */
function endText(result: PeerResult, { colors, columns }: Terminal): string {
  const { status, why, get, checks, wallMs } = result;
  const seconds = `${(wallMs / 1000).toFixed(1)} s`;
  switch (status) {
    case 'passed':
      return `  ${colors.green('passed')}: ${checks.length} ${checks.length === 1 ? 'check' : 'checks'} in ${seconds}`;
    case 'missing':
      return [
        wrap(`${colors.yellow('missing')}: ${plain(why)}`, columns, '  '),
        ...(get === '' ? [] : [`    ${colors.bold(get)}`]),
      ].join('\n');
    case 'failed':
      return [
        wrap(`${colors.red('failed')}: ${plain(why)}`, columns, '  '),
        ...traceLines(result.error).map((line) => colors.dim(`    ${line}`)),
      ].join('\n');
  }
}

/** Where an error came from that this program did not foresee: those have no names of their own. */
function traceLines(error: unknown): string[] {
  const unforeseen = ['Error', 'TypeError', 'RangeError', 'ReferenceError', 'AssertionError'];
  return error instanceof Error && unforeseen.includes(error.name)
    ? (error.stack ?? '')
        .split('\n')
        .slice(1)
        .map((line) => plain(line.trim()))
    : [];
}
