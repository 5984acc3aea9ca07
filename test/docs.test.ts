import { describeDocuments } from './documents.ts';

describeDocuments('quick');
