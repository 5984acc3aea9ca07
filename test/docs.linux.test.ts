import { describeDocuments } from './documents.ts';

describeDocuments('linux', () => true);
