import { describe, expect, it } from 'vitest';
import { EndlessPoll, PollWatch, type Surroundings } from '../src/poll-watch.ts';

/** More than any count that it keeps. */
const MANY = 2_000_000;

class Scripted implements Surroundings {
  events = 0;
  left = false;
  task = true;
  readonly polls: EndlessPoll[] = [];
  mark(): number {
    return 0;
  }
  isLeft(): boolean {
    return this.left;
  }
  deviceEvents(): number {
    return this.events;
  }
  runsTask(): boolean {
    return this.task;
  }
  found(poll: EndlessPoll): void {
    this.polls.push(poll);
  }
}

/** Reads so often as `next` says; gives the error that ended it. */
function reads(watch: PollWatch, next: (index: number) => readonly [number, number]): unknown {
  try {
    for (let index = 0; index < MANY; index++) {
      watch.read(...next(index));
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('PollWatch', () => {
  it('ends a poll of one register, and tells of it first', () => {
    const around = new Scripted();
    const error = reads(new PollWatch(around), () => [0x10, 7]);
    expect(error).toBeInstanceOf(EndlessPoll);
    expect(error).toMatchObject({ address: 0x10, value: 7 });
    expect(around.polls).toEqual([error]);
  });

  it('ends a poll of several, one of which changes', () => {
    const next = (index: number): readonly [number, number] =>
      index % 3 === 0 ? [0x20, index] : [0x10 + (index % 3), 7];
    expect(reads(new PollWatch(new Scripted()), next)).toBeInstanceOf(EndlessPoll);
  });

  it('leaves a walk through memory alone', () => {
    expect(reads(new PollWatch(new Scripted()), (index) => [index * 4, 0])).toBeUndefined();
  });

  it('waits for what is left to come', () => {
    const around = new Scripted();
    around.left = true;
    expect(reads(new PollWatch(around), () => [0x10, 7])).toBeUndefined();
  });

  it('leaves alone who reads outside of any task', () => {
    const around = new Scripted();
    around.task = false;
    expect(reads(new PollWatch(around), () => [0x10, 7])).toBeUndefined();
  });

  it('waits for devices that are busy', () => {
    const around = new Scripted();
    const next = (): readonly [number, number] => {
      around.events++;
      return [0x10, 7];
    };
    expect(reads(new PollWatch(around), next)).toBeUndefined();
  });

  it('begins to count anew after a write', () => {
    const watch = new PollWatch(new Scripted());
    const next = (index: number): readonly [number, number] => {
      if (index % 1000 === 0) {
        watch.changed();
      }
      return [0x10, 7];
    };
    expect(reads(watch, next)).toBeUndefined();
  });
});
