import { askNode } from '../node/askReport.ts';
import type { Dumper } from './dumper.ts';

/** Node: what its JavaScript does, by the report that it writes when it is sent a signal. Its stacks are the native ones. */
export const nodeDumper: Dumper = {
  name: 'the report of Node',
  runtime: 'node',
  matches: ({ runtimes }, { signals }) => signals !== undefined && runtimes.includes('node'),
  dump: ({ pid, root }, reading) => {
    const answer = askNode(root, pid, reading);
    if (answer === undefined) return {};
    const { notes, text } = answer;
    return { notes, files: text === '' ? [] : [{ name: `node-report-${pid}.json`, text }] };
  },
};
