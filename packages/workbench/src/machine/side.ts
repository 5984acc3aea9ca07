/** A recording as the page has it: its events laid out for the timeline, and what was said of the run. */
import { transfer } from 'comlink';
import {
  nothingSaid,
  parseStacks,
  peerAccount,
  type Recording,
  type RunRecording,
} from '@doorbell/lab';
import { trackOf } from '../timeline/track.ts';
import { catalogue } from './catalogue.ts';
import type { Asked, Side } from './contract.ts';

/** Laying out a million events takes most of a second: it is done in the machines' thread. */
export function sideOf(recording: Recording): Side {
  const side = undrawn(recording);
  return { ...side, track: trackOf(side, catalogue().kinds) };
}

function undrawn(recording: Recording): Omit<Side, 'track'> {
  const { events, source, error } = recording;
  const recorded = { columns: events.save(), lines: source?.lines ?? [], error };
  if (recording.peer !== undefined) {
    const { name, system } = recording.peer;
    return {
      ...{ name, term: system, scene: '', guests: 1, ...recorded },
      ...{ report: undefined, explanation: nothingSaid, account: peerAccount(recording) },
    };
  }
  const { request, report, explanation } = recording;
  const [{ kind }] = parseStacks(request.stack);
  const guests = request.guests?.length ?? 1;
  return {
    ...{ name: request.stack, term: kind.term, scene: request.scene, guests },
    ...{ ...recorded, report, explanation, asked: askedOf(request, guests) },
  };
}

function askedOf(
  { scene, frames, width, height, seed, profile, bug }: RunRecording['request'],
  guests: number,
): Asked {
  return { ...{ scene, frames, width, height, seed, guests }, profile: profile.name, bug };
}

/** For another thread, which has their columns from then on: nothing of them is copied. */
export function handedOver(sides: readonly Side[]): readonly Side[] {
  return transfer(sides, [...new Set(sides.flatMap(({ track }) => buffersOf(track)))]);
}

/** Of all columns in it. */
function buffersOf(value: unknown): readonly ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(buffersOf) : [];
}
