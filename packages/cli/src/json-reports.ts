/**
 * What the verbs write with `--json`, by the name of the schema that each names itself. Keys may be
 * added, never renamed. A new report is a row here; `npm run reference` makes its JSON Schema, and
 * test/json-schemas.test.ts wants a command that writes one.
 */
import type { CompareReport } from '@doorbell/lab';
import type { BenchReport } from './bench.ts';
import type { PartReport } from './check.ts';
import type { ExplainReport } from './explain.ts';
import type { GradeReport } from './grade.ts';
import type { HuntReport, HuntsReport } from './hunt.ts';
import type { ListReport } from './list.ts';
import type { PeersListReport } from './peers-list.ts';
import type { PeersRunReport } from './peers-run.ts';
import type { SensitiveReport } from './sensitive.ts';
import type { StepReport } from './step.ts';
import type { TlpHeaderReport, TlpReport } from './tlp.ts';
import type { TraceReport } from './trace.ts';
import type { DiffReport } from './trace-diff.ts';
import type { VfioReport } from './vfio.ts';

export interface JsonReports {
  /** `doorbell compare` */
  'doorbell.compare/1': CompareReport;
  /** `doorbell list` */
  'doorbell.list/1': ListReport;
  /** `doorbell sensitive` */
  'doorbell.sensitive/1': SensitiveReport;
  /** `doorbell tlp`, and `doorbell tlp --decode` */
  'doorbell.tlp/1': TlpReport | TlpHeaderReport;
  /** `doorbell trace` */
  'doorbell.trace-summary/1': TraceReport;
  /** `doorbell trace diff` */
  'doorbell.trace-diff/1': DiffReport;
  /** `doorbell step` */
  'doorbell.step/1': StepReport;
  /** `doorbell explain` */
  'doorbell.explain/1': ExplainReport;
  /** `doorbell check` */
  'doorbell.check/1': PartReport;
  /** `doorbell grade` */
  'doorbell.grade/1': GradeReport;
  /** `doorbell hunt` without a number */
  'doorbell.hunts/1': HuntsReport;
  /** `doorbell hunt N` */
  'doorbell.hunt/1': HuntReport;
  /** `doorbell vfio` */
  'doorbell.vfio/1': VfioReport;
  /** `doorbell peers list`, `doorbell peers run` and `doorbell peers all` */
  'doorbell.peers/1': PeersListReport | PeersRunReport;
  /** `doorbell bench` */
  'doorbell.bench/1': BenchReport;
}
