/** `doorbell peers list`: the peers, and what of their needs this machine has. */
import {
  getCommand,
  missing,
  needs,
  needStatus,
  peers,
  type NeedStatus,
  type Peer,
} from '@doorbell/peers';
import { renderTable, wrap } from '@doorbell/lab/text';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { terminalOf, type Terminal } from './terminal.ts';

export interface ListPeersOptions {
  readonly json?: string;
}

export function listPeers({ json }: ListPeersOptions, known = peers): ExitCode {
  checkJsonTarget(json);
  if (json !== TO_STDOUT) {
    process.stdout.write(`${peersText(known, terminalOf(process.stdout))}\n`);
  }
  if (json !== undefined) {
    writeJson<PeersListReport>(json, { schema: 'doorbell.peers/1', peers: known.map(peerReport) });
  }
  return exitCodes.DONE;
}

export interface PeersListReport {
  readonly schema: 'doorbell.peers/1';
  readonly peers: readonly KnownPeer[];
}

interface KnownPeer {
  readonly name: string;
  readonly summary: string;
  /** It takes seconds; the others boot Linux. */
  readonly quick: boolean;
  readonly needs: readonly string[];
  readonly status: 'ready' | 'missing';
  /** Empty when it is ready. */
  readonly why: string;
  /** The command that gets what is missing; empty where there is none, or no need. */
  readonly get: string;
}

function peerReport({ name, summary, needs: needed, isQuick }: Peer): KnownPeer {
  const lacking = missing(needed);
  return {
    ...{ name, summary, quick: isQuick, needs: needed },
    status: lacking.length === 0 ? 'ready' : 'missing',
    why: whyText(lacking),
    get: getCommand(lacking),
  };
}

/** `linux: it has not been fetched; koffi: …` */
function whyText(lacking: readonly NeedStatus[]): string {
  return lacking.map(({ need, why }) => `${need}: ${why}`).join('; ');
}

export function peersText(known: readonly Peer[], terminal: Terminal): string {
  const { bold } = terminal.colors;
  const statuses = needs.map((need) => needStatus(need));
  const parts = [
    [bold('Peers'), ...known.map((peer) => peerText(peer, terminal))],
    [bold('What they need'), ...needRows(known, statuses, terminal)],
    missingLines(statuses, terminal),
  ];
  return parts.map((lines) => lines.join('\n')).join('\n\n');
}

function peerText({ name, summary, isQuick }: Peer, { columns, colors }: Terminal): string {
  const title = `  ${colors.cyan(name)} ${colors.dim(isQuick ? '(quick)' : '(boots Linux)')}`;
  return `${title}\n${wrap(summary, columns, '    ')}`;
}

/** A column for each need: whether the peer needs it, and whether it is there. */
function needRows(
  known: readonly Peer[],
  statuses: readonly NeedStatus[],
  { colors }: Terminal,
): string[] {
  const mark = ({ isThere }: NeedStatus): string => (isThere ? colors.green('✓') : colors.red('✗'));
  const rows = [
    ['', ...statuses.map(({ need }) => need)],
    ...known.map((peer) => [
      peer.name,
      ...statuses.map((status) => (peer.needs.includes(status.need) ? mark(status) : '')),
    ]),
    [colors.dim('this machine'), ...statuses.map(mark)],
  ];
  return renderTable(
    rows,
    rows[0].map(() => 'left'),
  ).map((line) => `  ${line}`);
}

/** What is missing, why, and the command that gets it. */
function missingLines(statuses: readonly NeedStatus[], { columns, colors }: Terminal): string[] {
  const lacking = statuses.filter(({ isThere }) => !isThere);
  if (lacking.length === 0) {
    return ['Nothing is missing.'];
  }
  return lacking.flatMap(({ need, summary, why, get }) => [
    wrap(`${need} (${summary}) is missing: ${why}.`.replace(/\.\.$/, '.'), columns),
    ...(get === undefined ? [] : [`  ${colors.bold(get)}`]),
  ]);
}
