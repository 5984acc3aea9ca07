/**
 * What a checker's thread runs: the checks of one part, in order. It is a thread, so that a part that
 * never comes back can be ended.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { diffPicture, encodePng, InputError, saveTrace } from '@doorbell/lab';
import { labEnvironment } from '@doorbell/lab/node';
import type { CheckResult } from '../check/check.ts';
import { checkPart, checksOf, referenceOf } from '../kinds.ts';
import { isKind, type Part } from '../part.ts';
import type { CheckerMessage, CheckerOrder, CheckReport, CheckTarget } from './checker.ts';
import { loadMutant } from './load-mutant.ts';
import { loadPart } from './load-part.ts';

let part: Part | undefined;

function post(message: CheckerMessage): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (order: CheckerOrder) => {
  void (order.kind === 'load' ? load(order.target) : run(order.ids, order.out));
});

post({ kind: 'ready' });

async function load(target: CheckTarget): Promise<void> {
  try {
    part = await partOf(target);
    const checks = checksOf(part.kind).map(({ id, clause, title }) => ({ id, clause, title }));
    post({ kind: 'part', part: { name: part.name, part: part.kind, checks } });
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    post({ kind: 'refused', message: error.message });
  }
}

async function partOf(target: CheckTarget): Promise<Part> {
  if (typeof target !== 'string') {
    return loadMutant(target);
  }
  return isKind(target) ? referenceOf(target) : (await loadPart(target)).part;
}

async function run(ids: readonly string[], out: string): Promise<void> {
  if (part !== undefined) {
    for (const id of ids) {
      post({ kind: 'begun', id });
      const result = await checkPart(part, id, labEnvironment);
      post({ kind: 'done', report: reportOf(result, out) });
    }
  }
  post({ kind: 'over' });
}

/** With files in the place of what was recorded and drawn. */
function reportOf({ recording, pictures, ...rest }: CheckResult, out: string): CheckReport {
  const write = (ending: string, contents: Uint8Array): string => {
    mkdirSync(out, { recursive: true });
    const path = join(out, `${rest.id.replaceAll('/', '_')}.${ending}`);
    writeFileSync(path, contents);
    return path;
  };
  const trace =
    recording === undefined ? null : write('trace', saveTrace([recording], labEnvironment.sha256));
  if (pictures === undefined) {
    return { ...rest, trace, picture: null };
  }
  const { expected, seen } = pictures;
  write('expected.png', encodePng(expected));
  write('seen.png', encodePng(seen));
  const picture = write('difference.png', encodePng(diffPicture(expected, seen)));
  return { ...rest, trace, picture };
}
