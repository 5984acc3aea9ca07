/** Takes the guest's driver off its device, and puts it back: the device is reset in between. */
import { QemuError } from '../qemu/qemu-error.ts';
import type { LinuxGuest } from './guest.ts';

const DRIVER = '/sys/bus/pci/drivers/virtio-pci';
/** The text console shows nothing while there is no display. */
const RELEASE_CONSOLE =
  'for c in /sys/class/vtconsole/*; do grep -q "frame buffer" $c/name && echo 0 >$c/bind; done';

/** @throws QemuError when either fails. */
export async function rebind(guest: LinuxGuest): Promise<void> {
  const { output: address } = await guest.shell(`cd ${DRIVER}; ls -d 0000:*; cd /`);
  await guest.shell(RELEASE_CONSOLE);
  for (const action of ['unbind', 'bind']) {
    const { status, output } = await guest.shell(`echo ${address} >${DRIVER}/${action}`);
    if (status !== 0) {
      throw new QemuError(`The guest's driver did not ${action} ${address}: ${output}`);
    }
  }
}
