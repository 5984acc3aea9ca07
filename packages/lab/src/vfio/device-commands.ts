/** A user with a device: its regions, interrupts and resets; and what the device itself can reach. */
import { formatBdf, type Bdf } from '@doorbell/abi';
import {
  EventCounter,
  faultReasons,
  irqIndexes,
  VfioError,
  type IrqInfo,
  type VfioDevice,
} from '@doorbell/hypervisor';
import type { LabCommand, LabContext } from './command.ts';
import { LabFault } from './fault.ts';
import { address, columns, hex, number, oneOf, width } from './words.ts';

const regionNames = ['BAR0', 'BAR1', 'BAR2', 'BAR3', 'BAR4', 'BAR5', 'ROM', 'config'];
const MOST_DMA_BYTES = 64;
/** PCIe 6.0 §7.7.2: MSI-X has no more vectors. */
const MOST_EVENTS = 2048;

/** The device that was opened last, by either way. */
function device({ user }: LabContext): VfioDevice {
  return user.latest('device', 'cdev')?.kind === 'cdev'
    ? user.file('cdev').device()
    : user.file('device');
}

function regions(lab: LabContext): string {
  const rows = regionNames.flatMap((name, index) => {
    const { size, canRead, canWrite, mappable } = device(lab).regionInfo(index);
    const flags = `${canRead ? 'READ' : ''} ${canWrite ? 'WRITE' : ''} ${mappable.length > 0 ? 'MMAP' : ''}`;
    const areas = mappable.map((area) => `${hex(area.offset)}+${hex(area.size)}`).join(' ');
    return size === 0 ? [] : [[String(index), name, hex(size), flags.trim(), areas]];
  });
  return columns(rows);
}

function irqs(lab: LabContext): string {
  const file = device(lab);
  return columns(
    Object.entries(irqIndexes).flatMap(([name, index]) => {
      const info = irqInfo(file, index);
      return info === undefined ? [] : [[String(index), name, String(info.count), irqFlags(info)]];
    }),
  );
}

/** Undefined for an index that the device lacks: ERR is there for PCI Express only. */
function irqInfo(file: VfioDevice, index: number): IrqInfo | undefined {
  try {
    return file.irqInfo(index);
  } catch (error) {
    if (error instanceof VfioError && error.errno === 'EINVAL') {
      return undefined;
    }
    throw error;
  }
}

function irqFlags({ isMaskable, isAutoMasked, isNoResize }: IrqInfo): string {
  return [
    'EVENTFD',
    ...(isMaskable ? ['MASKABLE'] : []),
    ...(isAutoMasked ? ['AUTOMASKED'] : []),
    ...(isNoResize ? ['NORESIZE'] : []),
  ].join(' ');
}

function irqName(index: number): string {
  return Object.entries(irqIndexes).find(([, each]) => each === index)?.[0] ?? String(index);
}

/** New eventfds for the first vectors of an index; with none of them it is turned off. */
function eventfd(lab: LabContext, [indexText, countText]: readonly string[]): string {
  const index = number(indexText);
  const count = Math.min(MOST_EVENTS, number(countText ?? '1'));
  const fds = Array.from({ length: count }, () => new EventCounter());
  device(lab).setIrqs({
    index,
    start: 0,
    action: 'trigger',
    data: count === 0 ? { kind: 'none', count: 0 } : { kind: 'eventfd', fds },
  });
  const name = irqName(index);
  for (const each of [...lab.user.events.keys()].filter((key) => key.startsWith(`${name} `))) {
    lab.user.events.delete(each);
  }
  fds.forEach((fd, vector) => lab.user.events.set(`${name} ${vector}`, fd));
  return events(lab);
}

/** Signals since the last time that someone looked. */
function events({ user }: LabContext): string {
  return columns([...user.events].map(([name, fd]) => [name, String(fd.take())]));
}

function irq(lab: LabContext, [index, action, vector]: readonly string[]): string {
  device(lab).setIrqs({
    index: number(index),
    start: number(vector ?? '0'),
    action: oneOf(action, ['mask', 'unmask', 'trigger']),
    data: { kind: 'none', count: 1 },
  });
  return events(lab);
}

function hotResetInfo(lab: LabContext): string {
  return columns(
    device(lab)
      .hotResetInfo()
      .functions.map(({ bdf, group, devId }) => [
        formatBdf(bdf),
        `group ${group}`,
        devId === undefined ? '' : typeof devId === 'number' ? `device ${devId}` : devId,
      ]),
  );
}

/** The device's own doing: it asks nobody, and only the IOMMU is in its way. */
function dma(lab: LabContext, [at, what, iova, given]: readonly string[]): string {
  const bdf = address(at);
  const from = number(iova);
  if (oneOf(what, ['read', 'write']) === 'write') {
    const bytes = new TextEncoder().encode((given ?? 'doorbell').slice(0, MOST_DMA_BYTES));
    transfer(lab, bdf, from, true, bytes);
    return `${formatBdf(bdf)} wrote ${bytes.length} bytes at ${hex(from)}`;
  }
  const bytes = new Uint8Array(Math.min(MOST_DMA_BYTES, number(given ?? '8')));
  transfer(lab, bdf, from, false, bytes);
  return `${formatBdf(bdf)} read ${shown(bytes)} at ${hex(from)}`;
}

function transfer(
  { machine }: LabContext,
  at: Bdf,
  iova: number,
  write: boolean,
  bytes: Uint8Array,
): void {
  const { iommu } = machine.host;
  const way = machine.dma(at);
  iommu.clearFaults();
  if ((write ? way?.write(iova, bytes) : way?.read(iova, bytes)) === true) {
    return;
  }
  const code = iommu.faults().at(-1)?.reason;
  const reason = Object.values(faultReasons).find((each) => each.code === code);
  throw new LabFault(
    `${formatBdf(at)} may not ${write ? 'write' : 'read'} at ${hex(iova)}: ` +
      (reason?.doc ?? 'No memory answers there.'),
  );
}

function shown(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  return /^[\x20-\x7e]+$/.test(text)
    ? `"${text}"`
    : Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

export const deviceCommands: readonly LabCommand[] = [
  {
    name: 'device',
    usage: 'BDF [GROUP-FD]',
    doc: 'opens a device by its group',
    run: ({ user }, [at, group]) => {
      const bdf = address(at);
      const file = user.file('group', group === undefined ? undefined : number(group)).device(bdf);
      return `${user.opened('device', formatBdf(bdf), file)}: ${formatBdf(bdf)}`;
    },
  },
  { name: 'regions', usage: '', doc: "lists the device's regions", run: regions },
  { name: 'irqs', usage: '', doc: 'lists its interrupt indexes', run: irqs },
  {
    name: 'eventfd',
    usage: 'INDEX [COUNT]',
    doc: 'has the first vectors of an index signal eventfds; 0 turns it off',
    run: eventfd,
  },
  {
    name: 'irq',
    usage: 'INDEX mask|unmask|trigger [VECTOR]',
    doc: 'masks, unmasks or signals an interrupt by hand',
    run: irq,
  },
  { name: 'events', usage: '', doc: 'counts the signals since one last looked', run: events },
  {
    name: 'read',
    usage: 'REGION OFFSET [WIDTH]',
    doc: 'reads of a region; 7 is configuration space',
    run: (lab, [region, offset, wide]) =>
      hex(device(lab).read(number(region), number(offset), width(wide ?? '4'))),
  },
  {
    name: 'write',
    usage: 'REGION OFFSET VALUE [WIDTH]',
    doc: 'writes there',
    run: (lab, [region, offset, value, wide]) => {
      device(lab).write(number(region), number(offset), width(wide ?? '4'), number(value));
      return '';
    },
  },
  {
    name: 'reset',
    usage: '',
    doc: 'resets the function (VFIO_DEVICE_RESET)',
    run: (lab) => {
      device(lab).reset();
      return 'the function was reset';
    },
  },
  {
    name: 'hot-reset-info',
    usage: '',
    doc: 'lists what a reset of its bus affects',
    run: hotResetInfo,
  },
  {
    name: 'hot-reset',
    usage: '[GROUP-FD…]',
    doc: "resets the bus; the groups' files show that all of it is the user's",
    run: (lab, fds) => {
      device(lab).hotReset(fds.map((fd) => lab.user.file('group', number(fd))));
      return 'the bus was reset';
    },
  },
  {
    name: 'dma',
    usage: 'BDF read|write IOVA [BYTES|TEXT]',
    doc: 'the device reads or writes memory, of its own accord',
    run: dma,
  },
];
