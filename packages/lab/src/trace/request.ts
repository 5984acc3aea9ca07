/** A recorded request as one that can be run, and back. */
import { findBug } from '../bugs/index.ts';
import { recordedChecks } from '../check-scene.ts';
import { guestsOf, type Drawing, type GuestRequest, type RunRequest } from '../frames.ts';
import { findScene } from '../scenes/index.ts';
import { parseStacks } from '../stack-spec.ts';
import type { RecordedDrawing, RecordedGuest, RecordedRequest } from './recording.ts';

export function recordedRequest(request: RunRequest): RecordedRequest {
  const { spec, profile, guests, bug } = request;
  const [first] = guestsOf(request);
  return {
    ...{ stack: spec.id, profile, ...recordedDrawing(first) },
    ...(guests === undefined ? {} : { guests: guests.map(recordedGuest) }),
    ...(bug === undefined ? {} : { bug: bug.id }),
  };
}

function recordedGuest(guest: GuestRequest): RecordedGuest {
  const { name, weight, cap, diesAfterNs } = guest;
  return {
    ...{ name, weight, cap, ...recordedDrawing(guest) },
    ...(diesAfterNs === undefined ? {} : { diesAfterNs }),
  };
}

function recordedDrawing({ scene, context }: Drawing): RecordedDrawing {
  return { scene: scene.name, ...context };
}

/** @throws InputError when there is no such stack, scene or bug. */
export function runRequest({ stack, profile, guests, bug, ...own }: RecordedRequest): RunRequest {
  const [spec] = parseStacks(stack);
  return {
    ...{ spec, profile, ...drawing(own) },
    ...(guests === undefined ? {} : { guests: guests.map(guestRequest) }),
    ...(bug === undefined ? {} : { bug: findBug(bug) }),
  };
}

function guestRequest({ name, weight, cap, diesAfterNs, ...own }: RecordedGuest): GuestRequest {
  return {
    ...{ name, weight, cap, ...drawing(own) },
    ...(diesAfterNs === undefined ? {} : { diesAfterNs }),
  };
}

function drawing({ scene: name, ...context }: RecordedDrawing): Drawing {
  return { scene: recordedChecks.get(name) ?? findScene(name), context };
}
