/** `doorbell trace`: records runs into a file; its verbs export and compare what is in one. */
import { requestsOf, saveTrace, type RunRecording } from '@doorbell/lab';
import type { Command } from 'commander';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { addGuestFlags } from './guest-flags.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { labEnvironment } from '@doorbell/lab/node';
import { renderTable } from '@doorbell/lab/text';
import { checkOutput, writeOutput } from './output-file.ts';
import { formatBytes, formatCount, formatTimes } from './quantity.ts';
import { addRecordFlags, recordRuns, type RecordFlags } from './recorded-runs.ts';
import { addRunFlags, readRunFlags, type RunFlags } from './run-flags.ts';
import { addStackFlags } from './stack-flags.ts';
import { terminalOf } from './terminal.ts';
import { compareTraces, type DiffOptions } from './trace-diff.ts';
import { exportTrace, type ExportOptions } from './trace-export.ts';
import type { Act } from './verb.ts';

interface TraceOptions extends RunFlags, RecordFlags {
  readonly out?: string;
  readonly json?: string;
}

export interface TraceReport {
  readonly schema: 'doorbell.trace-summary/1';
  readonly file: string;
  readonly bytes: number;
  readonly recordings: readonly RecordingReport[];
}

interface RecordingReport {
  readonly stack: string;
  readonly scene: string;
  readonly frames: number;
  readonly events: number;
  /** Calls of the application. */
  readonly requests: number;
  /** Values that crossed a port, from which replay feeds the devices. */
  readonly crossings: number;
  readonly checkpoints: number;
  /** Null where time is not virtual. */
  readonly virtualNs: number | null;
  /** What ended it, of a run that came to no end. */
  readonly error?: string;
}

const helpText = `
What a trace is good for:
  doorbell trace export FILE --format perfetto --out FILE.json   for https://ui.perfetto.dev
  doorbell trace export FILE --format csv --out FILE.csv         counts, by call
  doorbell trace diff FILE                                       of two stacks, by call`;

export function defineTrace(command: Command, act: Act): void {
  command.enablePositionalOptions();
  addRunFlags(command);
  command
    .option('--out <file>', 'the trace; what is recorded goes there')
    .option('--json <file>', 'write the summary as JSON; - is stdout');
  addRecordFlags(command);
  addGuestFlags(command);
  addStackFlags(command);
  defineExport(command, act);
  defineDiff(command, act);
  // Last: its verbs would inherit that they take any argument.
  command
    .usage('[options] --out FILE | export | diff')
    .addHelpText('after', helpText)
    .allowExcessArguments()
    .action(
      act((options: TraceOptions) => {
        refuseUnknown(command);
        return runTrace(options);
      }),
    );
}

const exportHelp = `
In Perfetto a stack, or each guest of it, is a process, and each actor a track. Slices of one track
must nest, so what overlaps another of its actor is on a further track, such as 'device (2)'.`;

function defineExport(command: Command, act: Act): void {
  command
    .command('export')
    .argument('<file>', 'a trace; FILE#STACK is one stack of it')
    .description('writes a trace in a format of others')
    .requiredOption('--format <name>', 'perfetto: Trace Event Format; csv: counts, by call')
    .requiredOption('--out <file>', 'where it goes; - is stdout')
    .addHelpText('after', exportHelp)
    .action(act((file: string, options: ExportOptions) => exportTrace(file, options)));
}

function defineDiff(command: Command, act: Act): void {
  command
    .command('diff')
    .argument('<a>', 'a trace; FILE#STACK is one stack of it')
    .argument('[b]', 'another one; absent: the first two stacks of a')
    .description('says what two stacks did differently for the same calls')
    .option('--json <file>', 'write all calls as JSON; - is stdout')
    .action(
      act((a: string, b: string | undefined, options: DiffOptions) => compareTraces(a, b, options)),
    );
}

/** A word that is none of its verbs is an argument of `trace` itself. @throws Failure */
function refuseUnknown({ args, commands }: Command): void {
  if (args.length > 0) {
    const known = commands.map((each) => each.name()).join(', ');
    throw new Failure(
      exitCodes.BAD_INPUT,
      `'${args[0]}' is no verb of trace; there is ${known}, or options and --out to record.`,
    );
  }
}

async function runTrace(options: TraceOptions): Promise<ExitCode> {
  const { out, json } = options;
  if (out === undefined) {
    throw new Failure(exitCodes.BAD_INPUT, 'Give the trace a file: --out FILE.');
  }
  checkJsonTarget(json);
  checkOutput('--out', out);
  const recordings = await recordRuns(await readRunFlags(options), options);
  const file = saveTrace(recordings, labEnvironment.sha256);
  writeOutput(out, file);
  if (json !== TO_STDOUT) {
    process.stdout.write(`${summaryText(recordings, out, file.length)}\n`);
  }
  if (json !== undefined) {
    writeJson<TraceReport>(json, {
      ...{ schema: 'doorbell.trace-summary/1', file: out, bytes: file.length },
      recordings: recordings.map(summaryOf),
    });
  }
  return conclude(recordings);
}

function summaryOf({
  request,
  events,
  crossings,
  checkpoints,
  report,
  error,
}: RunRecording): RecordingReport {
  const requests = requestsOf(events).filter(({ request: id }) => id !== 0).length;
  return {
    ...{ stack: request.stack, scene: request.scene, frames: report?.frames.count ?? 0 },
    ...{ events: events.count, requests, crossings: crossings.length },
    ...{ checkpoints: checkpoints.length, virtualNs: report?.time.virtualNs ?? null },
    ...(error === undefined ? {} : { error }),
  };
}

function summaryText(recordings: readonly RunRecording[], out: string, bytes: number): string {
  const { colors } = terminalOf(process.stdout);
  const names = ['stack', 'events', 'requests', 'crossings', 'checkpoints', 'virtual time'];
  const summaries = recordings.map(summaryOf);
  const times = formatTimes(summaries.map(({ virtualNs }) => virtualNs ?? 0));
  const rows = summaries.map(({ stack, events, requests, crossings, checkpoints }, index) => [
    stack,
    ...[events, requests, crossings, checkpoints].map(formatCount),
    times[index],
  ]);
  const table = renderTable(
    [names.map((name) => colors.dim(name)), ...rows],
    ['left', 'right', 'right', 'right', 'right', 'right'],
  );
  return [...table, '', `${out}: ${formatBytes([bytes])[0]}`].join('\n');
}

/** A run that came to no end is recorded until there. */
function conclude(recordings: readonly RunRecording[]): ExitCode {
  const failed = recordings.filter(({ error }) => error !== undefined);
  for (const { request, error } of failed) {
    process.stderr.write(`doorbell: ${request.stack} came to no end. ${error}\n`);
  }
  return failed.length === 0 ? exitCodes.DONE : exitCodes.CHECK_FAILED;
}
