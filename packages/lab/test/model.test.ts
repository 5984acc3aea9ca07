import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../src/input-error.ts';
import { loadModel } from '../src/model.ts';

function file(name: string): Uint8Array {
  return readFileSync(new URL(`data/${name}`, import.meta.url));
}

async function refusal(name: string, bytes: Uint8Array): Promise<string> {
  const error: unknown = await loadModel(name, bytes).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).not.toContain('\n');
  return (error as InputError).message;
}

describe('loadModel', () => {
  it('loads each format by its ending, in capitals too', async () => {
    const cube = await loadModel('path/to/Cube.OBJ', file('cube.obj'));
    expect([cube.positions.length / 3, cube.indices.length / 3]).toEqual([24, 12]);
    const tetrahedron = await loadModel('a.b.ply', file('tetrahedron.ply'));
    expect([tetrahedron.positions.length / 3, tetrahedron.indices.length / 3]).toEqual([12, 4]);
    const pyramid = await loadModel('pyramid.glb', file('pyramid.glb'));
    expect([pyramid.positions.length / 3, pyramid.indices.length / 3]).toEqual([16, 6]);
  });

  it('gives each mesh normals that point out of it', async () => {
    for (const name of ['cube.obj', 'tetrahedron.ply', 'pyramid.glb']) {
      const { positions, normals } = await loadModel(name, file(name));
      for (let at = 0; at < positions.length; at += 3) {
        const outwards = [0, 1, 2].reduce((sum, i) => sum + positions[at + i] * normals[at + i], 0);
        expect(outwards).toBeGreaterThan(0);
      }
    }
  });

  it('refuses other endings, and says which it takes', async () => {
    for (const name of ['bunny.stl', 'bunny', 'obj', 'a.toString', '']) {
      const known = name === 'obj';
      expect(await refusal(name, new Uint8Array(1))).toContain(
        known ? 'no faces' : `${name} has an unknown extension; .obj, .ply and .glb are accepted.`,
      );
    }
  });

  it('refuses an empty file', async () => {
    expect(await refusal('a.obj', new Uint8Array(0))).toContain('a.obj is empty');
  });

  it('refuses random bytes in every format, in one line', async () => {
    const noise = Uint8Array.from({ length: 3000 }, (_, i) => (i * i * 31 + i * 7) & 0xff);
    for (const name of ['a.obj', 'a.ply', 'a.glb']) {
      expect(await refusal(name, noise)).toContain(name);
    }
  });

  it('loads or refuses a damaged file, and never fails otherwise', async () => {
    for (const name of ['cube.obj', 'tetrahedron.ply', 'pyramid.glb']) {
      const sound = file(name);
      const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 4,
      });
      const outcome = fc.asyncProperty(damage, async (changes) => {
        const bytes = Uint8Array.from(sound);
        for (const [at, value] of changes) {
          bytes[at] = value;
        }
        await loadModel(name, bytes).catch((error: unknown) => {
          expect(error).toBeInstanceOf(InputError);
          expect((error as InputError).message).not.toContain('\n');
        });
      });
      await fc.assert(outcome, { numRuns: 150 });
    }
  });

  it('refuses a face whose vertex is not there', async () => {
    const text = 'v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n';
    expect(await refusal('a.obj', new TextEncoder().encode(text))).toContain(
      'a.obj is damaged: face 1 names vertex 9, but the file has 3 before it.',
    );
  });
});
