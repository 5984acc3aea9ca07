/** `doorbell list`: what there is to compare. */
import { profiles, schedulers } from '@doorbell/hypervisor';
import {
  contractOf,
  optionValues,
  renderers,
  scenes,
  sharingOptions,
  stackKinds,
  type ModeContract,
  type Scene,
  type StackKind,
} from '@doorbell/lab';
import type { Command } from 'commander';
import { wrap } from '@doorbell/lab/text';
import { contractText } from './contract-text.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { verifiedConstants } from './profile-file.ts';
import { terminalOf, type Terminal } from './terminal.ts';

interface ListOptions {
  readonly contract?: true;
  readonly json?: string;
}

export function defineList(command: Command): void {
  command.option('--contract', 'what the host knows, owns, sees and pins on the way of each stack');
  command.option('--json <file>', 'write the list as JSON; - is stdout');
}

export function runList({ contract, json }: ListOptions): ExitCode {
  checkJsonTarget(json);
  if (json !== TO_STDOUT) {
    const text = contract === true ? contractText : listText;
    process.stdout.write(`${text(terminalOf(process.stdout))}\n`);
  }
  if (json !== undefined) {
    writeJson<ListReport>(json, listReport());
  }
  return exitCodes.DONE;
}

export function listText(terminal: Terminal): string {
  const section = (title: string, entries: readonly string[]): string =>
    [terminal.colors.bold(title), ...entries].join('\n');
  return [
    section(
      'Stacks',
      [...stackKinds.values()].map((kind) => stackText(kind, terminal)),
    ),
    section('Options of every stack', optionTexts(sharingOptions, terminal)),
    section(
      'Schedulers',
      [...schedulers.values()].map(({ name, doc, source }) =>
        entry(name, '', `${doc} ${source}`, terminal),
      ),
    ),
    section(
      'Scenes',
      [...scenes.values()].map((scene) => sceneText(scene, terminal)),
    ),
    section(
      'Renderers',
      Object.entries(renderers).map(([name, doc]) => entry(name, '', doc, terminal)),
    ),
    section(
      'Profiles',
      [...profiles.values()].map((profile) => {
        const { verified, total } = verifiedConstants(profile);
        const note = `(${verified} of ${total} constants verified)`;
        return entry(profile.name, note, profile.doc, terminal);
      }),
    ),
  ].join('\n\n');
}

function entry(name: string, note: string, doc: string, { columns, colors }: Terminal): string {
  const title = `  ${colors.cyan(name)} ${colors.dim(note)}`.trimEnd();
  return `${title}\n${wrap(doc, columns, '    ')}`;
}

function sceneText({ name, doc, credit }: Scene, terminal: Terminal): string {
  const text = entry(name, '', doc, terminal);
  const { columns, colors } = terminal;
  return credit === undefined ? text : `${text}\n${colors.dim(wrap(credit, columns, '    '))}`;
}

function stackText(kind: StackKind, terminal: Terminal): string {
  const own = Object.entries(kind.options).filter(([name]) => !(name in sharingOptions));
  const options = optionTexts(Object.fromEntries(own), terminal);
  return [entry(kind.name, `(${kind.term})`, kind.doc, terminal), ...options].join('\n');
}

function optionTexts(options: StackKind['options'], { columns }: Terminal): string[] {
  return Object.entries(options).map(([name, option]) => {
    const values = optionValues(option).replaceAll('|', ' | ');
    const title = wrap(`${name}=${values}, by default ${option.default}`, columns, '    ');
    return `${title}\n${wrap(option.doc, columns, '      ')}`;
  });
}

interface Named {
  readonly name: string;
  /** What it is, in a sentence or two. */
  readonly doc: string;
}

export interface ListReport {
  readonly schema: 'doorbell.list/1';
  readonly stacks: readonly (StackKind & { readonly contract: ModeContract })[];
  readonly scenes: readonly (Named & { readonly credit?: string | undefined })[];
  /** `source`: who describes it. */
  readonly schedulers: readonly (Named & { readonly source: string })[];
  readonly renderers: readonly Named[];
  /** With how many of their prices were checked. */
  readonly profiles: readonly (Named & {
    readonly constants: { readonly verified: number; readonly total: number };
  })[];
}

function listReport(): ListReport {
  return {
    schema: 'doorbell.list/1',
    stacks: [...stackKinds.values()].map((kind) => ({ ...kind, contract: contractOf(kind.name) })),
    scenes: [...scenes.values()].map(({ name, doc, credit }) => ({ name, doc, credit })),
    schedulers: [...schedulers.values()].map(({ name, doc, source }) => ({ name, doc, source })),
    renderers: Object.entries(renderers).map(([name, doc]) => ({ name, doc })),
    profiles: [...profiles.values()].map((profile) => ({
      name: profile.name,
      doc: profile.doc,
      constants: verifiedConstants(profile),
    })),
  };
}
