/** What the host's administrator does: looks at functions and groups, and gives them drivers. */
import {
  formatBdf,
  type0Header,
  type Bdf,
  type PciEndpoint,
  type RegisterRow,
} from '@doorbell/abi';
import type { LabCommand, LabContext } from './command.ts';
import { address, columns, hexId } from './words.ts';

const { VENDOR_ID, DEVICE_ID, BASE_CLASS, SUBCLASS } = type0Header.rows;

/** As pci.ids has them, for the classes that are here. */
const classNames: Readonly<Record<number, string>> = {
  0x0300: 'VGA compatible controller',
  0x0302: '3D controller',
  0x0380: 'Display controller',
  0x0403: 'Audio device',
  0x0604: 'PCI bridge',
  0x00ff: 'Unclassified device',
};

function read(endpoint: PciEndpoint, { offset, width }: RegisterRow): number {
  return endpoint.configRead(offset, width);
}

function hexWord(value: number): string {
  return value.toString(16).padStart(4, '0');
}

function describe({ machine }: LabContext, at: Bdf): readonly string[] {
  const { topology, vfio } = machine.host;
  const endpoint = topology.endpoint(at);
  const code = (read(endpoint, BASE_CLASS) << 8) | read(endpoint, SUBCLASS);
  const id = `${hexWord(read(endpoint, VENDOR_ID))}:${hexWord(read(endpoint, DEVICE_ID))}`;
  const member = vfio.drivers.member(at);
  return [
    formatBdf(at),
    classNames[code] ?? `Class ${hexWord(code)}`,
    `[${id}]`,
    `group ${member.group.id}`,
    member.driver === undefined ? 'no driver' : `driver ${member.driver.name}`,
  ];
}

function lspci(lab: LabContext): string {
  return columns(lab.machine.host.topology.functions().map((at) => describe(lab, at)));
}

function groups({ machine }: LabContext): string {
  const { vfio } = machine.host;
  return columns(
    vfio.list().map((group) => {
      const { holder, owner } = group;
      const whose =
        owner !== undefined
          ? `owned by ${owner}`
          : holder === undefined
            ? 'viable'
            : `not viable: ${holder.name} is bound to ${holder.driver?.name}`;
      const members = group.members.map(({ name }) => name).join(' ');
      return [`group ${group.id}`, members, vfio.stateOf(group.id), whose];
    }),
  );
}

function drivers({ machine }: LabContext): string {
  const { vfio } = machine.host;
  const members = vfio.list().flatMap((group) => group.members);
  return columns(
    vfio.drivers.list().map((driver) => {
      const has = members.filter((each) => each.driver === driver).map(({ name }) => name);
      const ids = vfio.drivers
        .idsOf(driver.name)
        .map((id) => `${hexWord(id.vendor)}:${hexWord(id.device)}`);
      return [driver.name, has.join(' ') || '-', ids.length === 0 ? '' : `new_id ${ids.join(' ')}`];
    }),
  );
}

function driver({ machine }: LabContext, [at]: readonly string[]): string {
  const member = machine.host.vfio.drivers.member(address(at));
  const override =
    member.driverOverride === undefined ? '' : `, driver_override ${member.driverOverride}`;
  return `${member.name}: ${member.driver?.name ?? 'no driver'}${override}`;
}

/** The driver that the function has then. */
function after(lab: LabContext, at: string): string {
  return driver(lab, [at]);
}

export const hostCommands: readonly LabCommand[] = [
  { name: 'lspci', usage: '', doc: 'lists the functions, their groups and drivers', run: lspci },
  { name: 'groups', usage: '', doc: 'lists the IOMMU groups, and who has them', run: groups },
  { name: 'drivers', usage: '', doc: "lists the host's drivers, and what they have", run: drivers },
  { name: 'driver', usage: 'BDF', doc: 'tells which driver a function has', run: driver },
  {
    name: 'override',
    usage: 'BDF [DRIVER]',
    doc: "sets a function's driver_override, or clears it",
    run: (lab, [at, name]) => {
      lab.machine.host.vfio.setDriverOverride(address(at), name);
      return after(lab, at);
    },
  },
  {
    name: 'bind',
    usage: 'DRIVER BDF',
    doc: "writes to the driver's bind",
    run: (lab, [name, at]) => {
      lab.machine.host.vfio.bind(address(at), name);
      return after(lab, at);
    },
  },
  {
    name: 'unbind',
    usage: 'BDF',
    doc: "writes to its driver's unbind",
    run: (lab, [at]) => {
      lab.machine.host.vfio.unbind(address(at));
      return after(lab, at);
    },
  },
  {
    name: 'probe',
    usage: 'BDF',
    doc: 'writes to drivers_probe: the first driver that takes it has it',
    run: (lab, [at]) => {
      lab.machine.host.vfio.probe(address(at));
      return after(lab, at);
    },
  },
  {
    name: 'new_id',
    usage: 'DRIVER VENDOR DEVICE',
    doc: 'adds an id, in hexadecimal, to what a driver takes',
    run: (lab, [name, vendor, device]) => {
      lab.machine.host.vfio.newId(name, { vendor: hexId(vendor), device: hexId(device) });
      return drivers(lab);
    },
  },
  {
    name: 'remove_id',
    usage: 'DRIVER VENDOR DEVICE',
    doc: 'removes such an id',
    run: (lab, [name, vendor, device]) => {
      lab.machine.host.vfio.removeId(name, { vendor: hexId(vendor), device: hexId(device) });
      return drivers(lab);
    },
  },
];
