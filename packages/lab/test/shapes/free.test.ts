import { describeMeasured } from './measured.ts';

describeMeasured('free');
