/** Our virtio-gpu beside QEMU's own in one QEMU: the same commands, and the same answers. */
import { decodeEdid, edidBlock, gpuFormats, gpuResponseLayouts } from '@doorbell/abi';
import { differencesOf } from '../differential/known-differences.ts';
import { Random } from '../differential/random.ts';
import { Ledger } from '../differential/ledger.ts';
import { namesOf } from '../differential-gpu/agreed-features.ts';
import { rect, requestCount, say, type Script } from '../differential-gpu/script.ts';
import { scripts } from '../differential-gpu/scripts/index.ts';
import { Sequence } from '../differential-gpu/sequence.ts';
import { SideBySide } from '../differential-gpu/side-by-side.ts';
import type { RawGpu } from '../differential-gpu/raw-gpu.ts';
import { openTwoDevices, OURS, type ServedHere, THEIRS } from '../differential-gpu/two-devices.ts';
import type { Peer, PeerRun } from '../peer.ts';

const SEEDS = [1, 2, 3, 4];
const ROUNDS = 320;
/** What was set as the least for this comparison. */
const LEAST_COMMANDS = 2000;
const PATIENCE_MS = 60_000;
/** That QEMU was told of. */
const MODE = '640x480';
const POINTER = 40;
const POINTER_SIDE = 64;

/** The hotspot is what `say.updateCursor` says. */
const AS_IT_IS = 'hotspot 1, 2, 0 bytes differ';

export const vhostUserGpu: Peer = {
  name: 'vhost-user-gpu',
  summary: "Our virtio-gpu gives the answers and the screens that QEMU's gives, side by side.",
  records: true,
  needs: ['qemu', 'koffi'],
  isQuick: true,
  limitMs: 300_000,
  meet: async (run) => {
    run.step('starts QEMU with both devices');
    const both = await openTwoDevices(run);
    try {
      await new Comparison(run, both).all();
    } finally {
      await both.close();
    }
  },
};

class Comparison {
  private readonly run: PeerRun;
  private readonly both: ServedHere;
  private readonly ledger = new Ledger(differencesOf('virtio-gpu'));
  private readonly sides: SideBySide;

  constructor(run: PeerRun, both: ServedHere) {
    const { machine, ours, theirs } = both;
    this.run = run;
    this.both = both;
    this.sides = new SideBySide({
      ours: { gpu: ours, id: OURS },
      theirs: { gpu: theirs, id: THEIRS },
      ...{ memory: machine.memory, qmp: machine.qmp, folder: run.folder },
      ...{ ledger: this.ledger, signal: run.signal },
      taken: () => both.connection.taken(),
    });
  }

  async all(): Promise<void> {
    const { run, both, sides, ledger } = this;
    const [ours, theirs] = [namesOf(both.ours.offered), namesOf(both.theirs.offered)];
    run.check('both offer the same', ours.join() === theirs.join(), ours.join(', '));
    await this.edids();
    for (const [name, make] of Object.entries(scripts)) {
      await this.play(name, make(both.arena));
    }
    for (const seed of SEEDS) {
      await this.play(`seed ${seed}`, Sequence.steps(seed, ROUNDS, both.arena));
    }
    await this.pointer();
    await this.picture();
    const enough = sides.answers >= LEAST_COMMANDS;
    const much = `${sides.answers} commands, ${sides.screens} screens`;
    run.check(`at least ${LEAST_COMMANDS} commands were compared`, enough, much);
    const { passed, detail } = ledger.unmet();
    run.check('every known difference was met', passed, detail);
    this.counts();
  }

  /** Each says of its display what it likes, but both prefer the same mode. */
  private async edids(): Promise<void> {
    const { ours, theirs } = this.both;
    const [mine, other] = [await preferredMode(ours), await preferredMode(theirs)];
    this.run.check(
      'both displays prefer the same mode',
      mine === MODE && other === MODE,
      `${mine}, ${other}`,
    );
  }

  private async play(name: string, script: Script): Promise<void> {
    const { run, sides, ledger } = this;
    const { screens } = sides;
    run.step(`plays ${name}`);
    await sides.play(name, script.steps);
    const { passed, detail } = ledger.verdict();
    const commands = requestCount(script.steps);
    const much = `${commands} commands, ${sides.screens - screens} screens: `;
    run.check(name, passed, passed ? much + detail : detail);
  }

  /** QEMU's screendump shows no pointer: so here is what QEMU is sent of ours. */
  private async pointer(): Promise<void> {
    const { run, both } = this;
    const { machine, arena, ours, connection, cursor } = both;
    run.step('shows, moves and hides the pointer');
    const whole = rect(0, 0, POINTER_SIDE, POINTER_SIDE);
    const pixels = new Random(1).bytes(POINTER_SIDE * POINTER_SIDE * 4);
    machine.memory.copyIn(arena.address, pixels);
    const image = [
      say.create('', POINTER, POINTER_SIDE, POINTER_SIDE, gpuFormats.B8G8R8A8_UNORM),
      say.attach('', POINTER, [{ address: arena.address, bytes: pixels.length }]),
      say.transfer('', POINTER, whole),
    ];
    await ours.exchange(image, PATIENCE_MS);
    for (const [request, expected] of [
      [say.updateCursor('', POINTER, 0, 100, 50), 'shown at 100, 50 of scanout 0, ' + AS_IT_IS],
      [say.moveCursor('', 320, 240), 'moved at 320, 240 of scanout 0'],
      [say.updateCursor('', 0, 0, 7, 8), 'hidden at 7, 8 of scanout 0'],
    ] as const) {
      await ours.exchange([request], PATIENCE_MS);
      await connection.taken();
      const sent = cursor.describe(pixels);
      run.check(`the pointer is ${expected.split(' ', 1)[0]}`, sent === expected, sent);
    }
  }

  private async picture(): Promise<void> {
    const { machine } = this.both;
    for (const id of [THEIRS, OURS]) {
      this.run.picture(id, await machine.qmp.screendump(id, `${this.run.folder}/${id}.ppm`));
    }
  }

  private counts(): void {
    const { device, ...connection } = this.both.connection.counts;
    this.run.counts('our backend', { ...connection, ...device });
  }
}

/** Of an EDID in whole blocks. */
async function preferredMode(gpu: RawGpu): Promise<string> {
  const [{ bytes }] = await gpu.exchange([say.edid('', 0)], PATIENCE_MS);
  const { size, edid } = gpuResponseLayouts.OK_EDID.decode(bytes);
  const isWhole = size >= edidBlock.size && size % edidBlock.size === 0;
  const preferred = isWhole ? decodeEdid(edid.subarray(0, size))?.preferred : undefined;
  return preferred === undefined ? 'none' : `${preferred.width}x${preferred.height}`;
}
