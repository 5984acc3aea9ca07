/** A check by a guest that drives its bell by hand, under the policy. */
import { drawPackets, header, ringPackets } from '@doorbell/abi';
import { MediatedHost, RAM, VA, type MediatedGuest } from '@doorbell/hypervisor/testing';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { MediationPart } from '../part.ts';

const CHANNEL_ALL = 2 ** 31;

/** Writes a word to a GPU virtual address. */
export function fill(dst: number, value: number): number[] {
  const { opcode, words } = drawPackets.fill;
  return [header(opcode, words), dst, 4, 1, 1, value];
}
export const fence = (value: number): number[] => [header(ringPackets.FENCE.opcode, 3), value, 0];
export const waitFor = (address: number, value: number): number[] => [
  ...[header(ringPackets.WAIT.opcode, 3), address, value],
];

export function check(
  id: string,
  clause: string,
  title: string,
  run: Check<MediationPart>['run'],
): Check<MediationPart> {
  return { id: `mediation/${id}`, clause, title, run };
}

/** With a guest whose channel is on and has drawn something. */
export function guestCheck(
  id: string,
  clause: string,
  title: string,
  body: (guest: MediatedGuest, rig: MediatedHost) => Promise<void>,
  barRemap = true,
): Check<MediationPart> {
  return check(id, clause, title, async (part) => {
    const rig = new MediatedHost();
    const guest = rig.guest({ barRemap, shadow: part });
    guest.submit([...fill(VA.data, 1), ...fence(1)]);
    await rig.settle();
    mustBe('the word that was drawn first', 1, guest.word(RAM.data));
    await body(guest, rig);
  });
}

export function flush(guest: MediatedGuest): void {
  guest.registers.TLB_INVALIDATE.write(CHANNEL_ALL);
}
