import { describeDocuments, isLesson } from './documents.ts';

describeDocuments('quick', (path) => !isLesson(path));
