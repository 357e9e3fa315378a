/** Every story, by path: the worker's bundle starts here. A new case type adds its line. */
export { returnCase } from './return.ts';
