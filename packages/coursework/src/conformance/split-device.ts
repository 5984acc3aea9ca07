/** VIRTIO 1.3 §2.7, what it asks of the device: each MUST and MUST NOT. */
import { virtioIds, type Conformance } from './clause.ts';

export const splitDevice: Conformance = {
  title: 'The device half of a split virtqueue',
  specification: 'VIRTIO 1.3 §2.7',
  kind: 'queue',
  clauses: [
    {
      section: '2.7.4.1',
      rule: 'No assumption about how a message is cut into descriptors',
      strength: 'MUST NOT',
      checks: virtioIds(
        '2.7.5/chain',
        '2.7.5/longest',
        '2.7.5.3/indirect',
        '2.7.5.3.2/after-direct',
      ),
    },
    {
      section: '2.7.5.1',
      rule: 'Writes to a buffer that it is to read',
      strength: 'MUST NOT',
      checks: virtioIds('2.7.5/chain'),
      why: 'The half says which buffers may be written; who writes them is the device, checked as the virtio-gpu of a scene.',
    },
    {
      section: '2.7.5.1',
      rule: 'Writes to the descriptor table',
      strength: 'MUST NOT',
      checks: virtioIds('2.7.5.1/table-untouched'),
    },
    {
      section: '2.7.5.3.2',
      rule: 'Ignores WRITE in what refers to an indirect table',
      strength: 'MUST',
      checks: virtioIds('2.7.5.3.2/write-ignored'),
    },
    {
      section: '2.7.5.3.2',
      rule: 'Takes chained descriptors with an indirect one behind them',
      strength: 'MUST',
      checks: virtioIds('2.7.5.3.2/after-direct'),
    },
    {
      section: '2.7.7.2',
      rule: 'Ignores used_event, without EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.7.2/flags-0'),
    },
    {
      section: '2.7.7.2',
      rule: 'Notifies while flags is 0, without EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.7.2/flags-0', '2.7.7.2/fence'),
    },
    {
      section: '2.7.7.2',
      rule: 'Ignores the lower bit of flags, with EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.7.2/used-event'),
    },
    {
      section: '2.7.7.2',
      rule: 'Notifies when used_event is passed, with EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds(
        '2.7.7.2/used-event',
        '2.7.7.2/used-event-in-batch',
        '2.7.7.2/used-event-wraps',
      ),
    },
    {
      section: '2.7.8.2',
      rule: 'Sets len before idx',
      strength: 'MUST',
      checks: virtioIds('2.7.8.2/len-before-idx'),
    },
    {
      section: '2.7.8.2',
      rule: 'Has written len bytes to the buffers before idx',
      strength: 'MUST',
      checks: [],
      why: 'The device writes them, before it returns the chain; a half is told how many.',
    },
    {
      section: '2.7.10.2',
      rule: 'Sets flags to 0 or 1, without EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.10.2/no-notify'),
    },
    {
      section: '2.7.10.2',
      rule: 'Sets flags to 0, with EVENT_IDX',
      strength: 'MUST',
      checks: virtioIds('2.7.10.2/avail-event'),
    },
    {
      section: '2.7.10.2',
      rule: 'Bears notifications that mean nothing',
      strength: 'MUST',
      checks: virtioIds('2.7.6/empty'),
    },
  ],
};
