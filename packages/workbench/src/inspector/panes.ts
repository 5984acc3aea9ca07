/** The panes of the inspector, in the order of their tabs. */
import type { ComponentType } from 'preact';
import type { PaneName } from '../machine/contract.ts';
import { Causes } from './causes.tsx';
import { Config } from './config.tsx';
import { Counters } from './counters.tsx';
import { Iotlb } from './iotlb.tsx';
import { OwnershipPane } from './ownership.tsx';
import { Packets } from './packets.tsx';
import { Pages } from './pages.tsx';
import { RegistersPane } from './registers.tsx';
import { Rings } from './rings.tsx';
import { Scheduler } from './scheduler.tsx';
import { Session } from './session-pane.tsx';
import type { PaneProps, RunPaneProps } from './side-panes.tsx';
import { Vram } from './vram.tsx';
import { Why } from './why.tsx';

interface PaneRow {
  readonly name: PaneName;
  readonly label: string;
  readonly doc: string;
  /** For one side. */
  readonly Each?: ComponentType<PaneProps>;
  /** For one side's run. */
  readonly EachRun?: ComponentType<RunPaneProps>;
  /** For both at once. */
  readonly Whole?: ComponentType;
}

export const panes: readonly PaneRow[] = [
  { name: 'why', label: 'Why', doc: 'Why the run is stuck, if it is', EachRun: Why },
  { name: 'causes', label: 'Causes', doc: 'What led to this event', Each: Causes },
  {
    ...{ name: 'registers', label: 'Registers', Whole: RegistersPane },
    doc: 'Registers with their fields, and who wrote them',
  },
  {
    ...{ name: 'config', label: 'Config', Each: Config },
    doc: 'Configuration space, and what answers at which address',
  },
  { name: 'rings', label: 'Rings', doc: 'Channel rings and virtqueues, decoded', Each: Rings },
  { name: 'pages', label: 'Pages', doc: 'Page tables, walked level by level', Each: Pages },
  { name: 'vram', label: 'VRAM', doc: "The GPU's own memory, byte by byte", Each: Vram },
  { name: 'iotlb', label: 'IOTLB', doc: 'Translations that the IOMMU holds', Each: Iotlb },
  {
    ...{ name: 'ownership', label: 'Owners', Each: OwnershipPane },
    doc: 'Who has each device: IOMMU groups, drivers, guests',
  },
  {
    ...{ name: 'scheduler', label: 'Scheduler', Each: Scheduler },
    doc: 'Who has the engines, who had them, and who waits for them',
  },
  {
    ...{ name: 'packets', label: 'Packets', Each: Packets },
    doc: 'The PCI Express packets around this event',
  },
  {
    ...{ name: 'counters', label: 'Counters', Whole: Counters },
    doc: 'What was counted until here, on both sides',
  },
  {
    ...{ name: 'session', label: 'Session', Whole: Session },
    doc: 'The commands of doorbell step, and breakpoints',
  },
];
