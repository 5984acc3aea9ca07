/** `doorbell tlp`: the PCI Express packets of a run, and headers from an AER log. */
import {
  decodeTlpHeader,
  encodeTlpHeader,
  formatBdf,
  type TlpHeader,
  type TlpType,
} from '@doorbell/abi';
import {
  busMapOf,
  elsewhere,
  parseStacks,
  purposeOf,
  runStack,
  stackKinds,
  tlpsOf,
  TlpSummer,
  type Stack,
  type StackSpec,
  type Tlp,
  type TlpSummary,
} from '@doorbell/lab';
import type { Command } from 'commander';
import { wholeNumber } from './argument.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { labEnvironment } from '@doorbell/lab/node';
import { loadProfile } from './profile-file.ts';
import { findScene } from './scene-input.ts';
import { addStackFlags, givenStackOptions } from './stack-flags.ts';
import { terminalOf } from './terminal.ts';
import { headerText, summaryText, tlpTable, type ShownTlp } from './tlp-table.ts';

/** Of a frame that says enough and has few packets. */
const SIDE = 64;

interface TlpOptions {
  readonly stack: string;
  readonly scene: string;
  readonly frames: number;
  readonly profile: string;
  readonly from: number;
  readonly count: number;
  readonly json?: string;
  readonly decode?: string;
}

export interface TlpReport {
  readonly schema: 'doorbell.tlp/1';
  readonly stack: string;
  readonly scene: string;
  readonly frames: number;
  /** Of all packets, not only of those that were asked for. */
  readonly summary: TlpSummary;
  readonly packets: readonly PacketReport[];
}

interface PacketReport extends Tlp {
  /** From 1, in the order of time. */
  readonly number: number;
  readonly headerHex: string;
  /** What it is for. */
  readonly for: string;
}

/** What `--decode` says. */
export interface TlpHeaderReport {
  readonly schema: 'doorbell.tlp/1';
  readonly header: NamedHeader;
}

/** With functions as lspci writes them; the other fields are those of the type. */
interface NamedHeader {
  readonly type: TlpType;
  readonly requester: string;
  readonly completer?: string;
  readonly [field: string]: string | number | undefined;
}

interface Listing {
  readonly shown: readonly ShownTlp[];
  readonly summary: TlpSummary;
}

export function defineTlp(command: Command): void {
  command
    .option('--stack <name>', `one of ${[...stackKinds.keys()].join(', ')}`, 'native')
    .option('--scene <name>', `drawn in ${SIDE}x${SIDE}; see doorbell list`, 'nop')
    .option('--frames <n>', 'from 1 to 1000', wholeNumber(1, 1000), 1)
    .option('--profile <name|file>', 'what things cost; see doorbell list', 'kvm-x86')
    .option('--from <n>', 'the first packet that is shown', wholeNumber(1, 2 ** 31), 1)
    .option('--count <n>', 'how many are shown', wholeNumber(0, 1_000_000), 64)
    .option('--json <file>', 'write packets and summary as JSON; - is stdout')
    .option('--decode <header>', 'read a header instead: the words of an AER log, in hexadecimal')
    .addHelpText('after', "\nDecode one: doorbell tlp --decode '04000001 00200a03 05010000'");
  addStackFlags(command);
}

export async function runTlp(options: TlpOptions): Promise<ExitCode> {
  checkJsonTarget(options.json);
  return options.decode === undefined
    ? listPackets(options)
    : decodeHeader(options.decode, options.json);
}

async function listPackets(options: TlpOptions): Promise<ExitCode> {
  const spec = theStack(options);
  const listing = listingOf(await recordedRun(spec, options), options);
  if (options.json !== TO_STDOUT) {
    process.stdout.write(`${listingText(listing, options)}\n`);
  }
  if (options.json !== undefined) {
    const { scene, frames } = options;
    writeJson<TlpReport>(options.json, {
      schema: 'doorbell.tlp/1',
      ...{ stack: spec.id, scene, frames },
      summary: listing.summary,
      packets: listing.shown.map(packetReport),
    });
  }
  return exitCodes.DONE;
}

/** @throws Failure, InputError */
function theStack(options: TlpOptions): StackSpec {
  const [spec, ...more] = parseStacks(options.stack, givenStackOptions({ ...options }));
  if (more.length > 0) {
    throw new Failure(exitCodes.BAD_INPUT, `'${options.stack}' is more than one stack.`);
  }
  const away = elsewhere(spec);
  if (away !== undefined) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `With ${away.because} the backend is on another machine, whose bus is not seen: ${away.mend}.`,
    );
  }
  return spec;
}

async function recordedRun(spec: StackSpec, options: TlpOptions): Promise<Stack> {
  const { stack } = await runStack(
    {
      spec,
      scene: findScene(options.scene),
      context: { width: SIDE, height: SIDE, frames: options.frames, seed: 1 },
      profile: loadProfile(options.profile),
      onStack: ({ host }) => {
        host.machine.tracer.recording = true;
      },
    },
    labEnvironment,
  );
  // Only a backend that is elsewhere leaves no stack.
  return stack!;
}

/** All packets are counted; those that were asked for are kept. */
function listingOf({ host }: Stack, { from, count }: TlpOptions): Listing {
  const { tracer } = host.machine;
  const bus = busMapOf(host);
  const summer = new TlpSummer();
  const shown: ShownTlp[] = [];
  let number = 0;
  for (const tlp of tlpsOf(tracer, bus)) {
    summer.add(tlp);
    number++;
    if (number >= from && number < from + count) {
      shown.push({ ...tlp, number, purpose: purposeOf(tlp, bus, tracer) });
    }
  }
  return { shown, summary: summer.summary() };
}

function listingText({ shown, summary }: Listing, options: TlpOptions): string {
  const { colors } = terminalOf(process.stdout);
  if (summary.total.packets === 0) {
    return `${options.stack}: no packet. No physical function is reached: a device model in software answers.`;
  }
  const table = shown.length === 0 ? [] : tlpTable(shown, colors);
  const more = moreText(shown.length, summary.total.packets, options);
  return [...table, ...more, '', ...summaryText(summary, colors)].join('\n');
}

/** How to see the rest. */
function moreText(shown: number, packets: number, { from, count }: TlpOptions): string[] {
  const next = from + shown;
  if (from > packets) {
    return [`There are ${packets} packets.`];
  }
  return next > packets
    ? []
    : [`${packets - next + 1} more of ${packets}: --from ${next} --count ${Math.max(count, 1)}`];
}

function packetReport({ header, number, purpose, ...rest }: ShownTlp): PacketReport {
  return { number, ...rest, header, headerHex: hexOf(encodeTlpHeader(header)), for: purpose };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

// ---------------------------------------------------------------------------------- AER logs

/** The bytes of words such as `04000001 00200a03` or `0x04000001 0x00200a03`. @throws Failure */
function headerBytes(text: string): Uint8Array {
  const words = text.trim().split(/[\s,]+/);
  if (!words.every((word) => /^(?:0x)?[0-9a-f]{8}$/i.test(word))) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `'${text}' is not a header: give three or four words of eight hexadecimal digits.`,
    );
  }
  return Buffer.from(words.map((word) => word.slice(-8)).join(''), 'hex');
}

function decodeHeader(text: string, json: string | undefined): ExitCode {
  const header = decodeTlpHeader(headerBytes(text));
  if (header === undefined) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `'${text}' is cut short, or of a type that is not known here.`,
    );
  }
  if (json !== TO_STDOUT) {
    process.stdout.write(`${headerText(header)}\n`);
  }
  if (json !== undefined) {
    writeJson<TlpHeaderReport>(json, { schema: 'doorbell.tlp/1', header: namedIds(header) });
  }
  return exitCodes.DONE;
}

function namedIds(header: TlpHeader): NamedHeader {
  const requester = formatBdf(header.requester);
  return 'completer' in header
    ? { ...header, requester, completer: formatBdf(header.completer) }
    : { ...header, requester };
}
