/**
 * The explorer against the litmus tests of Owens, Sarkar and Sewell, "A Better x86 Memory Model:
 * x86-TSO" (2009), and of Intel's manual that they quote (SDM volume 3A of 2009, §8.2.3, by its
 * example numbers). What is expected stands in those tables.
 */
import { describe, expect, it } from 'vitest';
import { Explorer, type Model } from './explorer.ts';
import { SharedMemory } from './shared-memory.ts';
import { steps, type Part, type Program } from './step.ts';
import { Thread } from './thread.ts';

const X = 0;
const Y = 4;
const MOST = 10_000;
const site = { line: 0, text: '' };

function* load(address: number): Part<number> {
  return yield steps.load16(site, address);
}

function* store(address: number, value: number): Part<void> {
  yield steps.store16(site, address, value);
}

function* fence(): Part<void> {
  yield steps.fence(site);
}

function outcomes(model: Model, first: () => Program, second: () => Program): string[] {
  const threads = [new Thread('first', first), new Thread('second', second)] as const;
  const memory = new SharedMemory(0, new Uint16Array(4));
  return [...new Explorer(memory, threads, model).explore(MOST).outcomes].sort();
}

/** Both, in each model. */
const models = ['sc', 'tso'] as const;

describe('store buffering (SB, Intel example 8-3)', () => {
  function* one(mine: number, other: number, fenced: boolean): Program {
    yield* store(mine, 1);
    if (fenced) {
      yield* fence();
    }
    return `${yield* load(other)}`;
  }
  const run = (model: Model, a: boolean, b: boolean): string[] =>
    outcomes(
      model,
      () => one(X, Y, a),
      () => one(Y, X, b),
    );

  it('gives 0 0 under TSO, where loads overtake stores', () => {
    expect(run('tso', false, false)).toEqual(['0 0', '0 1', '1 0', '1 1']);
  });
  it('does not give 0 0 under sequential consistency', () => {
    expect(run('sc', false, false)).toEqual(['0 1', '1 0', '1 1']);
  });
  it('does not give 0 0 with a fence in both threads', () => {
    expect(run('tso', true, true)).toEqual(['0 1', '1 0', '1 1']);
  });
  it('gives 0 0 with a fence in one of them only', () => {
    expect(run('tso', true, false)).toContain('0 0');
    expect(run('tso', false, true)).toContain('0 0');
  });
});

describe('message passing (MP, Intel example 8-1)', () => {
  function* sender(): Program {
    yield* store(X, 1);
    yield* store(Y, 1);
    return 'sent';
  }
  function* receiver(): Program {
    return `${yield* load(Y)}${yield* load(X)}`;
  }
  it.each(models)('never sees the flag without the data under %s', (model) => {
    expect(outcomes(model, sender, receiver)).toEqual(['sent 00', 'sent 01', 'sent 11']);
  });
});

describe('load buffering (LB, Intel example 8-2)', () => {
  function* one(read: number, write: number): Program {
    const seen = yield* load(read);
    yield* store(write, 1);
    return `${seen}`;
  }
  it.each(models)('no store overtakes an older load under %s', (model) => {
    expect(
      outcomes(
        model,
        () => one(X, Y),
        () => one(Y, X),
      ),
    ).toEqual(['0 0', '0 1', '1 0']);
  });
});

describe('forwarding from the own buffer (Intel example 8-5)', () => {
  function* one(mine: number, other: number): Program {
    yield* store(mine, 1);
    return `${yield* load(mine)}${yield* load(other)}`;
  }
  it('a thread sees its own store before the other does, under TSO', () => {
    expect(
      outcomes(
        'tso',
        () => one(X, Y),
        () => one(Y, X),
      ),
    ).toEqual(['10 10', '10 11', '11 10', '11 11']);
  });
  it('not under sequential consistency', () => {
    expect(
      outcomes(
        'sc',
        () => one(X, Y),
        () => one(Y, X),
      ),
    ).not.toContain('10 10');
  });
});

describe('coherence (CoRR)', () => {
  function* writer(): Program {
    yield* store(X, 1);
    yield* store(X, 2);
    return 'w';
  }
  function* reader(): Program {
    return `${yield* load(X)}${yield* load(X)}`;
  }
  it.each(models)('a location never goes back under %s', (model) => {
    const seen = outcomes(model, writer, reader);
    expect(seen).toEqual(['w 00', 'w 01', 'w 02', 'w 11', 'w 12', 'w 22']);
  });
});

describe('two stores to one location (n4, n5)', () => {
  function* storeFirst(value: number): Program {
    yield* store(X, value);
    return `${yield* load(X)}`;
  }
  function* loadFirst(value: number): Program {
    const seen = yield* load(X);
    yield* store(X, value);
    return `${seen}`;
  }
  it.each(models)('the two threads do not see them in opposite orders under %s', (model) => {
    const n5 = outcomes(
      model,
      () => storeFirst(1),
      () => storeFirst(2),
    );
    expect(n5).toEqual(['1 1', '1 2', '2 2']);
    const n4 = outcomes(
      model,
      () => loadFirst(1),
      () => loadFirst(2),
    );
    expect(n4).toEqual(['0 0', '0 1', '2 0']);
  });
});

describe('a store of 4 bytes', () => {
  function* wide(): Program {
    yield steps.store32(site, X, 0x0002_0001);
    return 'w';
  }
  function* narrow(): Program {
    return `${yield* load(X + 2)}${yield* load(X)}`;
  }
  function* whole(): Program {
    return (yield steps.load32(site, X)).toString(16);
  }
  it.each(models)('is seen whole or not at all under %s', (model) => {
    expect(outcomes(model, wide, whole)).toEqual(['w 0', 'w 20001']);
    expect(outcomes(model, wide, narrow)).toEqual(['w 00', 'w 01', 'w 21']);
  });
  it.each(models)('loads its halves from the own buffer under %s', (model) => {
    function* own(): Program {
      yield steps.store16(site, X + 2, 7);
      return (yield steps.load32(site, X)).toString(16);
    }
    expect(outcomes(model, wide, own)).toEqual(['w 20001', 'w 70000', 'w 70001']);
  });
});
