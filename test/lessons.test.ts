import { describeDocuments, isLesson } from './documents.ts';

describeDocuments('quick', isLesson);
